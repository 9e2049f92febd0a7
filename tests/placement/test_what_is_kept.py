"""What is changed in a model after it was made, and what a class of one's own does."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.layers import DropConnect, ICLayer, RotationOut, WeightNoise
from keras_regnoise.placement import fold, insert, replace, strip
from tests.placement.models import assert_equal_outputs, predict, randomize, vectors

EDITS = {
    "insert": lambda model: insert(model, rotation, before=layers.Dense),
    "strip": strip,
    "fold": fold,
}
every_edit = pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)


def rotation(layer):
    return RotationOut(0.1)


def dense(**options):
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(3, name="dense", **options)(inputs))


class Scaled(keras.Model):
    """Computes more than its layers do, and can't be made by a functional model's."""

    def __init__(self):
        inputs = keras.Input((6,))
        super().__init__(inputs, layers.Dense(3)(inputs))

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs / 255.0, training=training)


class ScaledStack(keras.Sequential):
    def __init__(self):
        super().__init__([keras.Input((6,)), layers.Dense(3)])

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs / 255.0, training=training)


class ScaledChain(keras.Sequential):
    """The same with the usual constructor."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs / 255.0, training=training)


@every_edit
@pytest.mark.parametrize("make", [Scaled, ScaledStack])
def test_a_call_that_would_be_lost_is_refused(make, edit):
    with pytest.raises(ValueError, match="calls its layers in Python"):
        edit(make())
    inputs = keras.Input((6,))
    outer = keras.Model(inputs, layers.Dense(2)(make()(inputs)))
    with pytest.raises(ValueError, match="cannot be copied"):
        edit(outer)


@every_edit
def test_one_that_is_kept_goes_on(edit):
    model = ScaledChain([keras.Input((6,)), layers.Dense(3)])
    assert type(edit(model)) is ScaledChain
    assert_equal_outputs(edit(model), model, vectors())


class Chooses(keras.Model):
    """Calls its layers itself, whatever its graph is."""

    def call(self, inputs, training=None, mask=None):
        return 2.0 * self.get_layer("dense")(inputs)


@every_edit
def test_one_that_passes_its_graph_by_is_refused(edit):
    inputs = keras.Input((6,))
    outputs = layers.Dense(3, name="dense")(inputs)
    with pytest.raises(ValueError, match="calls its layers in Python"):
        edit(Chooses(inputs, outputs))


class Weighted(keras.Model):
    weight = 1.0

    def compute_loss(self, *args, **kwargs):
        return self.weight * super().compute_loss(*args, **kwargs)


class Stack(keras.Sequential):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Three(keras.Model):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)


@every_edit
def test_a_class_that_can_be_made_anew_has_what_it_was_told_afterwards(edit):
    inputs = keras.Input((6,))
    model = Weighted(inputs, layers.Dense(3)(inputs))
    model.weight = 9.0
    new = edit(model)
    assert type(new) is Weighted
    assert new.weight == 9.0
    assert type(edit(Stack([inputs, layers.Dense(3)]))) is Stack
    plain = edit(Three(inputs, layers.Dense(3)(inputs)))
    assert type(plain) is not Three


class Focal(keras.Model):
    def __init__(self, *args, gamma=0.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.gamma = gamma

    def compute_loss(self, *args, **kwargs):
        return (1.0 + self.gamma) * super().compute_loss(*args, **kwargs)


class Accumulating(keras.Model):
    def __init__(self, n_gradients, *args, **kwargs):
        super().__init__(*args, **kwargs)

    def train_step(self, *args, **kwargs):
        raise NotImplementedError


@every_edit
@pytest.mark.parametrize(
    ("make", "lost"),
    [
        (lambda i, o: Focal(i, o, gamma=9.0), "compute_loss"),
        (lambda i, o: Accumulating(4, i, o), "train_step"),
    ],
    ids=["default", "required"],
)
def test_what_a_class_says_of_training_is_not_lost_without_a_word(make, lost, edit):
    inputs = keras.Input((6,))
    model = make(inputs, layers.Dense(3)(inputs))
    with pytest.warns(UserWarning, match=f"without its own {lost}"):
        new = edit(model)
    assert type(new) is not type(model)
    assert_equal_outputs(new, model, vectors())


@every_edit
@pytest.mark.parametrize("alpha", [8, None])
def test_lora_has_its_alpha(edit, alpha):
    model = randomize(dense())
    model.get_layer("dense").enable_lora(4, lora_alpha=alpha)
    new = edit(randomize(model))
    assert_equal_outputs(new, model, vectors())
    assert new.get_layer("dense").lora_alpha == (alpha or 4)


def test_lora_in_models_and_layers():
    inputs = keras.Input((5,), dtype="int32")
    embedding = layers.Embedding(7, 3)
    inner = keras.Sequential([keras.Input((5,), dtype="int32"), embedding])
    held = layers.Dense(2)
    model = keras.Model(inputs, layers.TimeDistributed(held)(inner(inputs)))
    for layer in (embedding, held):
        layer.enable_lora(2, lora_alpha=6)
    randomize(model)
    tokens = np.arange(10).reshape(2, 5) % 7
    np.testing.assert_array_equal(predict(strip(model), tokens), predict(model, tokens))


@every_edit
def test_frozen_parts_stay_frozen(edit):
    model = dense()
    model.get_layer("dense").kernel.trainable = False
    assert len(model.trainable_weights) == 1
    assert [v.name for v in edit(model).trainable_weights] == ["bias"]


@pytest.mark.parametrize("outer", [False, True], ids=["part", "whole"])
def test_frozen_layers_in_a_layer_stay_frozen(outer):
    x = keras.Input((5, 6))
    attention = layers.MultiHeadAttention(2, 3)
    model = keras.Model(x, layers.Dense(2)(attention(x, x)))
    if outer:
        attention.trainable = False
    else:
        attention.query_dense.trainable = False
    new = strip(model)
    kept = [[v.path for v in m.trainable_weights] for m in (model, new)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == (2 if outer else 2 + 6)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float64"])
@pytest.mark.parametrize(
    "factory", [rotation, lambda layer: layers.Dropout(0.1)], ids=["ours", "Keras's"]
)
def test_new_layers_compute_as_their_neighbours(dtype, factory):
    model = randomize(dense(dtype=dtype))
    for where in ("before", "after"):
        new = insert(model, factory, **{where: layers.Dense})
        dtypes = {layer.compute_dtype for layer in new.layers[1:]}
        assert dtypes == {model.layers[1].compute_dtype}
        assert new.output.dtype == model.output.dtype
        x = vectors().astype("float64")
        np.testing.assert_array_equal(predict(new, x), predict(model, x))


def test_new_layers_compute_so_with_what_they_hold_and_not_with_what_they_wrap():
    model = dense(dtype="mixed_bfloat16")
    ic = insert(model, lambda layer: ICLayer(0.1), before=layers.Dense).layers[1]
    dtypes = [part.compute_dtype for part in (ic, ic.normalization, ic.noise)]
    assert dtypes == ["bfloat16"] * 3
    wrapped = replace(dense(), layers.Dense, lambda layer: WeightNoise(layer, 0.1))
    assert wrapped.layers[1].layer.dtype_policy.name == "float32"
    own = insert(
        model, lambda layer: RotationOut(0.1, dtype="float64"), before=layers.Dense
    )
    assert own.layers[1].compute_dtype == "float64"


@pytest.mark.parametrize("policy", ["int8_from_mixed_bfloat16", "int8"])
def test_new_layers_beside_a_quantized_one_compute_as_that_did_before(policy):
    model = dense(dtype="mixed_bfloat16" if "from" in policy else None)
    model.quantize("int8")
    new = insert(model, lambda layer: ICLayer(0.1), before=layers.Dense).layers[1]
    expected = "mixed_bfloat16" if "from" in policy else "float32"
    assert new.normalization.dtype_policy.name == expected
    assert new.normalization.moving_mean.dtype == "float32"


def test_new_layers_of_a_map_of_policies_have_that_of_their_neighbour():
    policies = keras.dtype_policies.DTypePolicyMap()
    policies["dense"] = keras.DTypePolicy("mixed_bfloat16")
    new = insert(dense(dtype=policies), rotation, before=layers.Dense)
    assert new.layers[1].dtype_policy.name == "mixed_bfloat16"


@keras.saving.register_keras_serializable(package="what_is_kept_tests")
class Bins(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs):
        return keras.ops.cast(keras.ops.floor(inputs), "int32")


def test_noise_is_never_of_integers():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, Bins(dtype="int32")(inputs))
    noisy = insert(model, rotation, before=Bins)
    x = np.array([[1.5, 3.2, 6.9, 9.1]], "float32")
    np.testing.assert_array_equal(predict(noisy, x), [[1, 3, 6, 9]])


@keras.saving.register_keras_serializable(package="what_is_kept_tests")
class Times(layers.Layer):
    """Its config leaves out its factor, and its constructor does not miss it."""

    def __init__(self, factor=1.0, offset=None, fill=float("nan"), **kwargs):
        super().__init__(**kwargs)
        self.factor, self.offset, self.fill = factor, offset, fill

    def call(self, inputs):
        return inputs * self.factor + (self.offset or 0.0)

    def get_config(self):
        return super().get_config()


def test_what_a_config_leaves_out_is_told():
    inputs = keras.Input((6,))
    for arguments, expected in (
        ({"factor": 3.0}, ["factor is 3.0, in the copy 1.0"]),
        ({"offset": 2.0}, ["offset is 2.0, in the copy None"]),
        ({}, []),
    ):
        model = keras.Model(inputs, layers.Dense(2)(Times(**arguments)(inputs)))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            strip(model)
        said = [str(w.message) for w in told if "The copy of" in str(w.message)]
        assert len(said) == len(expected)
        assert all(words in text for words, text in zip(expected, said, strict=True))


def test_fold_leaves_the_dtypes_alone():
    inputs = keras.Input((6,))
    x = layers.Dense(4, dtype="mixed_float16")(inputs)
    model = keras.Model(inputs, layers.BatchNormalization(dtype="float32")(x))
    folded = fold(model)
    assert folded.output.dtype == model.output.dtype == "float32"
    assert len(folded.layers) == 3


def test_strip_of_a_gaussian_over_lora():
    inputs, inner = keras.Input((6,)), layers.Dense(3)
    model = keras.Model(inputs, DropConnect(inner, 0.3, inference="gaussian")(inputs))
    inner.enable_lora(2)
    randomize(model)
    plain = strip(model)
    np.testing.assert_allclose(
        predict(plain, vectors()), predict(model, vectors()), rtol=1e-4, atol=1e-4
    )
    # Of the points and variances of the Gaussian nothing is to be trained.
    assert len(plain.trainable_weights) == 2


@every_edit
def test_what_variables_were_told_is_kept(edit):
    model = dense(kernel_constraint="max_norm")
    layer = model.get_layer("dense")
    layer.kernel.regularizer = keras.regularizers.L2(0.1)
    layer.bias.constraint = keras.constraints.NonNeg()
    layer.bias_regularizer = keras.regularizers.L1(0.1)  # too late: Keras ignores it
    copy = edit(model).get_layer("dense")
    assert copy.kernel.regularizer is layer.kernel.regularizer
    assert isinstance(copy.kernel.constraint, keras.constraints.MaxNorm)
    assert isinstance(copy.bias.constraint, keras.constraints.NonNeg)
    assert copy.bias.regularizer is None
    assert len(edit(model).losses) == len(model.losses) == 1
