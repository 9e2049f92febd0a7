"""A saved model is built anew, and keeps what training does not change."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise import tuning
from keras_regnoise.layers import ZCAWhitening
from tests.helpers import to_numpy

SAMPLES = np.random.default_rng(0).normal(100.0, 5.0, (50, 3)).astype("float32")


def adapted(layer, data=SAMPLES):
    layer.adapt(data)
    return layer


@keras.saving.register_keras_serializable(package="from_file_tests")
class Standardized(layers.Layer):
    """Makes its preprocessing itself and has no config of it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.preprocessing = layers.Normalization()

    def build(self, input_shape):
        self.preprocessing.build(input_shape)

    def adapt_to(self, data):
        self.build(data.shape)
        self.preprocessing.adapt(data)
        return self

    def call(self, inputs):
        return self.preprocessing(inputs)


@keras.saving.register_keras_serializable(package="from_file_tests")
class Looked(layers.Layer):
    """The same with a table."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = layers.IntegerLookup()

    def adapt_to(self, data):
        self.lookup.adapt(data)
        return self

    def call(self, inputs):
        return self.lookup(inputs)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "int64")


@keras.saving.register_keras_serializable(package="from_file_tests")
class Half(layers.Layer):
    """A frozen layer, one that is trained, and statistics of the training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.frozen = layers.Dense(3, trainable=False)
        self.trained = layers.Dense(3)
        self.normalized = layers.BatchNormalization()
        self.parts = [self.frozen, self.trained, self.normalized]

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def chain(*parts, shape=(3,), **options):
    return keras.Sequential([keras.Input(shape, **options), *parts])


def from_saved(tmp_path, model):
    """The model that is loaded from a file, and the one that is built anew."""
    model.compile("sgd", "mse")
    for number, weight in enumerate(model.trainable_weights):
        weight.assign(weight + 0.1 * (number + 1))  # as if it had been trained
    file = tmp_path / "model.keras"
    model.save(file)
    return keras.saving.load_model(file), tuning.from_file(file)()


def are_kept(old, new):
    """Which of the weights are those of the file, by the name of each."""
    weights = zip(old.weights, new.weights, strict=True)
    return {
        one.name: np.array_equal(to_numpy(one), to_numpy(other))
        for one, other in weights
    }


def saved(tmp_path, compiled=True, frozen=False):
    normalization = keras.layers.Normalization()
    normalization.adapt(np.arange(40.0).reshape(10, 4))
    model = keras.Sequential(
        [
            keras.Input((4,)),
            normalization,
            keras.layers.Dense(8, "relu", trainable=not frozen),
            keras.layers.Dense(1),
        ]
    )
    if compiled:
        model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    model.save(tmp_path / "model.keras")
    return model


def test_weights_are_new_and_follow_the_seed(tmp_path):
    old = saved(tmp_path)
    build_model = tuning.from_file(tmp_path / "model.keras")
    kernels = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        kernels.append(build_model().layers[-1].get_weights()[0])
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert not np.array_equal(kernels[0], old.layers[-1].get_weights()[0])


def test_it_is_compiled_as_it_was(tmp_path):
    saved(tmp_path)
    model = tuning.from_file(tmp_path / "model.keras")()
    assert model.loss == "mse"
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.02)
    assert "mae" in model.evaluate(
        np.zeros((2, 4)), np.zeros(2), return_dict=True, verbose=0
    )


def test_adapted_and_frozen_layers_keep_their_weights(tmp_path):
    old = saved(tmp_path, frozen=True)
    new = tuning.from_file(tmp_path / "model.keras")()
    for number in (0, 1):
        for one, other in zip(
            old.layers[number].get_weights(),
            new.layers[number].get_weights(),
            strict=True,
        ):
            assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "model",
    [
        lambda: chain(adapted(layers.Normalization())),
        lambda: chain(chain(chain(adapted(layers.Normalization())))),
        lambda: chain(
            layers.Reshape((1, 3)),
            layers.TimeDistributed(adapted(layers.Normalization())),
        ),
        lambda: chain(Standardized().adapt_to(SAMPLES)),
        # It needs TensorFlow on any backend.
        lambda: (
            pytest.importorskip("tensorflow")
            and chain(adapted(layers.Discretization(num_bins=4)))
        ),
        lambda: chain(adapted(ZCAWhitening())),
    ],
    ids=["layer", "nested", "wrapped", "own", "discretization", "ours"],
)
def test_adapted_preprocessing_computes_as_in_the_file(tmp_path, model):
    old, new = from_saved(tmp_path, model())
    np.testing.assert_allclose(to_numpy(new(SAMPLES)), to_numpy(old(SAMPLES)), 1e-5)


WORDS = np.array([[5, 7, 1], [9, 9, 7]])


@pytest.mark.parametrize(
    "wrapped",
    [lambda lookup: lookup, lambda lookup: chain(lookup, dtype="int64")],
    ids=["layer", "nested"],
)
@pytest.mark.parametrize(
    "lookup",
    [
        lambda: adapted(layers.IntegerLookup(), WORDS),
        lambda: adapted(layers.IntegerLookup(output_mode="multi_hot"), WORDS),
        lambda: Looked().adapt_to(WORDS),
    ],
    ids=["index", "hot", "own"],
)
def test_adapted_vocabulary_is_that_of_the_file(tmp_path, lookup, wrapped):
    pytest.importorskip("tensorflow")  # Keras looks up by it, on any backend
    model = chain(wrapped(lookup()), dtype="int64")
    old, new = from_saved(tmp_path, model)
    np.testing.assert_array_equal(to_numpy(new(WORDS)), to_numpy(old(WORDS)))
    assert len(np.unique(to_numpy(new(WORDS)))) > 1


@pytest.mark.tensorflow
@pytest.mark.parametrize("output_mode", ["int", "tf_idf"])
@pytest.mark.parametrize("kind", [layers.StringLookup, layers.TextVectorization])
def test_adapted_words_are_those_of_the_file(tmp_path, kind, output_mode):
    words = keras.ops.convert_to_tensor([["a"], ["b"], ["b"]], "string")
    layer = adapted(kind(output_mode=output_mode), words)
    old, new = from_saved(tmp_path, chain(layer, shape=(1,), dtype="string"))
    np.testing.assert_allclose(to_numpy(new(words)), to_numpy(old(words)))


STEPS = (4, 3)


def frozen(layer):
    layer.trainable = False
    return layer


@pytest.mark.parametrize(
    "model",
    [
        lambda: chain(
            layers.TimeDistributed(layers.Dense(3, trainable=False)), shape=STEPS
        ),
        lambda: chain(
            layers.Bidirectional(layers.LSTM(2, trainable=False)), shape=STEPS
        ),
        lambda: chain(frozen(chain(layers.Dense(3), layers.BatchNormalization()))),
        lambda: chain(frozen(Half())),
        lambda: chain(frozen(layers.BatchNormalization())),
    ],
    ids=["wrapped", "bidirectional", "nested", "own", "statistics"],
)
def test_what_is_frozen_inside_other_layers_stays(tmp_path, model):
    model = model()
    for weight in model.weights:
        weight.assign(weight + 1.0)
    old, new = from_saved(tmp_path, model)
    assert all(are_kept(old, new).values())
    assert len(new.trainable_weights) == len(old.trainable_weights)


@pytest.mark.parametrize(
    "wrapped", [lambda layer: layer, layers.TimeDistributed], ids=["layer", "wrapped"]
)
def test_what_is_trained_beside_it_is_new(tmp_path, wrapped):
    layer = wrapped(Half())
    model = chain(layer, shape=STEPS)
    for weight in model.weights:
        weight.assign(weight + 1.0)
    old, new = (
        getattr(m.layers[-1], "layer", m.layers[-1])
        for m in from_saved(tmp_path, model)
    )
    assert [part.trainable for part in new.parts] == [False, True, True]
    assert are_kept(old.frozen, new.frozen) == {"kernel": True, "bias": True}
    for part in ("trained", "normalized"):
        kept = are_kept(getattr(old, part), getattr(new, part))
        assert not any(kept.values()), kept


def test_a_layer_of_two_places_stays_one(tmp_path):
    shared, inputs = layers.Dense(3), keras.Input(STEPS)
    outputs = layers.TimeDistributed(shared)(shared(inputs))
    old, new = from_saved(tmp_path, keras.Model(inputs, outputs))
    assert len(new.trainable_weights) == len(old.trainable_weights) == 2
    assert not any(are_kept(old, new).values())


@keras.saving.register_keras_serializable(package="from_file_tests")
class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = Standardized()
        self.second = Half()

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, inputs):
        return self.second(self.first(inputs))


@pytest.mark.parametrize("wrapped", [lambda model: model, chain], ids=["whole", "part"])
def test_a_subclassed_model_is_built_anew(tmp_path, wrapped):
    model = Subclassed()
    model.build((None, 3))
    model.first.preprocessing.adapt(SAMPLES)
    old, new = (
        m.layers[0] if isinstance(m, keras.Sequential) else m
        for m in from_saved(tmp_path, wrapped(model))
    )
    assert are_kept(old.second.frozen, new.second.frozen)["kernel"]
    assert not are_kept(old.second.trained, new.second.trained)["kernel"]
    np.testing.assert_allclose(
        to_numpy(new.first(SAMPLES)), to_numpy(old.first(SAMPLES)), 1e-5
    )


def test_weights_under_lora_stay(tmp_path):
    model = chain(layers.Dense(4, name="under"), layers.Dense(2))
    model.layers[0].enable_lora(2)
    old, new = from_saved(tmp_path, model)
    kept = are_kept(old.layers[0], new.layers[0])
    assert kept == {
        "kernel": True,
        "bias": False,
        "lora_kernel_a": False,
        "lora_kernel_b": True,  # zeros, as they begin
    }
    assert not any(are_kept(old.layers[1], new.layers[1]).values())


def test_quantized_weights_stay(tmp_path):
    model = chain(layers.Dense(4), layers.Dense(2))
    model.quantize("int8")
    old, new = from_saved(tmp_path, model)
    names = {"kernel": True, "kernel_scale": True, "bias": False}
    assert are_kept(old.layers[0], new.layers[0]) == names


def test_what_is_no_compiled_model(tmp_path):
    saved(tmp_path, compiled=False)
    with pytest.raises(ValueError, match="not compiled"):
        tuning.from_file(tmp_path / "model.keras")()
    with pytest.raises(ValueError, match="no file"):
        tuning.from_file(tmp_path / "other.keras")()
    (tmp_path / "broken.keras").write_text("nothing")
    with pytest.raises(ValueError, match="can't be loaded"):
        tuning.from_file(tmp_path / "broken.keras")()
