import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise
from keras_regnoise.layers import (
    DropActivation,
    ICLayer,
    NoiseLayer,
    RotationOut,
    SpatialRotationOut,
    VarianceConstancy,
)
from keras_regnoise.placement import KERAS_NOISE, insert, replace_activations, strip
from tests.helpers import assert_close, run_python, to_numpy
from tests.layers.cases import CASES
from tests.placement.models import (
    assert_equal_outputs,
    assert_keeps_weights,
    images,
    layer_names,
    predict,
    randomize,
    vectors,
)


def dense_chain(*between):
    return randomize(
        keras.Sequential(
            [
                keras.Input((6,)),
                layers.Dense(8, "relu", name="first"),
                *between,
                layers.Dense(3, name="head"),
            ]
        )
    )


def everything():
    """Each layer of this package, in a functional model with a nested one."""
    inner = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            SpatialRotationOut(0.1, name="spatial"),
            layers.Conv2D(5, 3, name="conv2"),
            ICLayer(0.1, normalization="instance", name="instance"),
            DropActivation(rate=0.2, name="relu"),
        ],
        name="inner",
    )
    x = inputs = keras.Input((8, 8, 3))
    x = ICLayer(0.05, name="ic")(x)
    x = layers.Conv2D(4, 3, name="conv1")(x)
    x = VarianceConstancy(0.01, shared_axes=(1, 2), name="vcl")(x)
    x = DropActivation("elu", rate=0.3, name="elu")(x)
    x = layers.Flatten(name="flatten")(inner(x))
    x = RotationOut(0.2, name="rotation")(x)
    x = layers.Dense(5, name="dense")(x)
    x = DropActivation("softmax", rate=0.0, name="softmax")(x)
    x = ICLayer(0.1, normalization="group", noise="rotationout", name="group")(x)
    outputs = layers.Dense(2, name="head")(x)
    return randomize(keras.Model(inputs, outputs, name="everything"))


def test_strip_undoes_insert():
    model = dense_chain()
    noisy = insert(model, lambda layer: RotationOut(0.2), before=layers.Dense)
    stripped = strip(noisy)
    assert layer_names(stripped) == layer_names(model)
    assert [type(layer) for layer in stripped.layers] == [
        type(layer) for layer in model.layers
    ]
    assert_keeps_weights(stripped, model)
    assert len(stripped.weights) == len(model.weights)
    assert_equal_outputs(stripped, model, vectors())


def test_each_layer_becomes_plain_and_computes_the_same():
    model, x = everything(), images(size=8)
    stripped = strip(model)
    kinds = {layer.name: type(layer) for layer in stripped.layers}
    kinds |= {layer.name: type(layer) for layer in stripped.get_layer("inner").layers}
    assert {"vcl", "rotation", "spatial"}.isdisjoint(kinds)
    assert kinds["ic"] is layers.BatchNormalization
    assert kinds["instance"] is kinds["group"] is layers.GroupNormalization
    assert kinds["relu"] is layers.LeakyReLU
    assert kinds["softmax"] is layers.Activation
    np.testing.assert_allclose(predict(stripped, x), predict(model, x), atol=1e-5)


LOAD = """
import sys
sys.modules["keras_regnoise"] = None  # so that importing it fails
import keras, numpy as np, pathlib
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    model = keras.saving.load_model(path)
    arrays = np.load(path.with_suffix(".npz"))
    y = keras.ops.convert_to_numpy(model(arrays["x"], training=False))
    print(path.stem, float(np.abs(y - arrays["y"]).max() / np.abs(arrays["y"]).max()))
"""


def unknown_sizes(case):
    """The input shape of a case, as little known as its layer allows."""
    if case.inner and case.name.endswith("gaussian") and len(case.shape) == 3:
        return (None, None, case.shape[-1])
    return case.shape


def alone(case):
    """A model of one case, with weights that differ from the initial ones."""
    layer = case.make(name="layer")
    model = keras.Sequential([keras.Input(unknown_sizes(case)), layer], name="model")
    if hasattr(layer, "adapt"):
        layer.adapt(3.0 + 2.0 * case.data(batch=32))
    else:
        randomize(model)
    return model, case.data()


def in_others(case):
    """Inside a wrapper and a model in a model, where the noise stood alone."""
    model, x = alone(case)
    inputs = keras.Input((2, *case.shape))
    outputs = layers.TimeDistributed(model, name="wrapper")(inputs)
    outer = keras.Sequential([keras.Model(inputs, outputs, name="nested")])
    return outer, np.stack([x, x + 1.0], axis=1)


@pytest.mark.parametrize("build", [alone, in_others])
def test_every_layer_loads_without_this_package(build, tmp_path):
    ours = keras_regnoise.layers
    public = {cls for cls in vars(ours).values() if isinstance(cls, type)}
    assert public - {case.layer for case in CASES} <= {NoiseLayer}
    tested = CASES if build is alone else [c for c in CASES if c.name in IN_OTHERS]
    for case in tested:
        model, x = build(case)
        before = predict(model, x)
        stripped = strip(model)
        stripped.save(tmp_path / f"{case.name}.keras")
        np.savez(tmp_path / f"{case.name}.npz", x=x, y=before)
    printed = [line.split() for line in run_python(LOAD, tmp_path).splitlines()]
    assert {name for name, _ in printed} == {case.name for case in tested}
    assert {name: e for name, e in printed if not float(e) < 1e-5} == {}


IN_OTHERS = ("rotation", "ic_dense", "drop_relu", "drop_connect", "rrelu", "vcl")


def test_result_loads_without_this_package(tmp_path):
    model, x = everything(), images(size=8)
    strip(model).save(tmp_path / "model.keras")
    np.savez(tmp_path / "model.npz", x=x, y=predict(model, x))
    assert float(run_python(LOAD, tmp_path).split()[1]) < 1e-5


def test_result_is_not_tied_to_the_original():
    model, x = everything(), images(size=8)
    before = predict(model, x)
    for variable in strip(model).weights:
        variable.assign(keras.ops.zeros(variable.shape))
    np.testing.assert_array_equal(predict(model, x), before)


@pytest.mark.parametrize("activation", ["relu", "elu", "tanh"])
def test_drop_activation_outside_a_sequential_and_at_a_scheduled_rate(activation):
    rate = keras.optimizers.schedules.PolynomialDecay(0.0, 4, end_learning_rate=0.4)
    x = inputs = keras.Input((6,))
    x = DropActivation(activation, rate=rate, name="act")(layers.Dense(8)(x))
    model = randomize(keras.Model(inputs, layers.Dense(2)(x)))
    x = vectors()
    at_first = predict(strip(model), x)
    np.testing.assert_allclose(at_first, predict(model, x), atol=1e-6)
    for _ in range(2):
        model(x, training=True)
    later = predict(strip(model), x)  # the rate is now 0.2
    np.testing.assert_allclose(later, predict(model, x), atol=1e-6)
    assert np.abs(later - at_first).max() > 1e-3


def test_drop_activations_of_a_model_become_leaky():
    model = dense_chain()
    dropped = replace_activations(model, "relu", lambda layer: DropActivation(rate=0.1))
    leaky = strip(dropped).layers[1]
    assert isinstance(leaky, layers.LeakyReLU)
    assert leaky.negative_slope == pytest.approx(0.1)
    assert leaky.name == "first_drop_activation"


def test_drop_activation_of_unknown_shape():
    relu = keras.Sequential([DropActivation(rate=0.1)])
    assert isinstance(strip(relu).layers[0], layers.LeakyReLU)
    elu = keras.Sequential([DropActivation("elu", rate=0.1, name="act")])
    with pytest.raises(ValueError, match=r"shape of the input of 'act'"):
        strip(elu)


class Silent(NoiseLayer):
    """Noise of the user's own: the identity at inference."""

    def call(self, inputs, training=False):
        return inputs + self.rate if training else inputs


class Loud(NoiseLayer):
    """No identity at inference."""

    def call(self, inputs, training=False):
        return keras.ops.tanh(inputs)


class Faint(NoiseLayer):
    def call(self, inputs, training=False):
        return inputs * (1 + 1e-6)


class Strict(NoiseLayer):
    """Silent, and what it is called on can't be made up."""

    def call(self, inputs, training=False):
        if not training and inputs.shape[0] is not None:
            raise ValueError("One example at a time.")
        return inputs


class Overridden(RotationOut):
    def __call__(self, inputs, **options):
        return 2.0 * super().__call__(inputs, **options)


class Renamed(RotationOut):
    """With the call of its base."""


class OwnDropout(layers.Dropout):
    def call(self, inputs, training=False):
        return 2.0 * super().call(inputs, training=training)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Loud(0.1),
        lambda: Faint(0.1),
        lambda: Strict(0.1),
        lambda: ICLayer(noise=Loud(0.1)),
        lambda: keras.Sequential([Loud(0.1)]),
        lambda: Own(Loud(0.1)),
        lambda: Own(Overridden(0.1)),
    ],
)
def test_noise_of_the_users_own_is_named_if_it_does_something(make):
    names = "(Own|Loud|Faint|Strict|Sequential) '"
    with pytest.raises(ValueError, match=f"need keras_regnoise.*{names}"):
        strip(dense_chain(make()))


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float16", 2e-3)])
def test_noise_of_the_users_own_goes_if_it_is_the_identity(dtype, rtol):
    """Which is tried: a search and an export strip, and take no classes."""
    model = dense_chain(Silent(0.1, dtype=dtype), ICLayer(noise=Silent(0.1)))
    stripped = strip(model)
    assert [type(layer) for layer in stripped.layers] == [
        *(layers.Dense, layers.BatchNormalization, layers.Dense)
    ]
    x = vectors()
    # What was rounded to float16 between the layers no longer is.
    np.testing.assert_allclose(predict(stripped, x), predict(model, x), rtol=rtol)


def test_noise_of_the_users_own_goes_if_it_is_said_to_do_nothing():
    model = dense_chain(Silent(0.1), Renamed(0.1), keras.Sequential([Silent(0.1)]))
    stripped = strip(model, also=Silent)
    assert {type(part) for part in stripped._flatten_layers(include_self=False)} == {
        *(layers.InputLayer, layers.Dense, keras.Sequential, layers.Identity)
    }
    assert_equal_outputs(stripped, model, vectors())


@pytest.mark.parametrize(
    "noise",
    [Renamed(0.1), layers.Dropout(0.1), OwnDropout(0.1), layers.GaussianNoise(0.1)],
)
def test_the_noise_of_an_ic_layer_goes_if_it_is_the_identity(noise):
    model, x = dense_chain(ICLayer(noise=noise, name="ic")), vectors()
    stripped = strip(model)
    assert_close(predict(stripped, x), predict(model, x))
    is_alone = type(stripped.get_layer("ic")) is layers.BatchNormalization
    assert is_alone == (type(noise) is not OwnDropout)


def test_keras_noise_stays_unless_asked():
    noise = [
        layers.Dropout(0.1),
        layers.GaussianNoise(0.1),
        layers.SpatialDropout1D(0.1),
    ]
    model = dense_chain(*noise[:2])
    assert len(strip(model).layers) == 4
    stripped = strip(model, also=KERAS_NOISE)
    assert layer_names(stripped) == ["first", "head"]
    assert_equal_outputs(stripped, model, vectors())
    assert isinstance(noise[2], KERAS_NOISE)
    with pytest.raises(ValueError, match="`also` must be a layer class"):
        strip(model, also="dropout")


def test_model_of_noise_alone():
    sequential = keras.Sequential([keras.Input((6,)), RotationOut(0.1)], name="noise")
    inputs = keras.Input((6,))
    functional = keras.Model(inputs, RotationOut(0.1)(inputs))
    x = vectors()
    for model in (sequential, functional):
        np.testing.assert_array_equal(predict(strip(model), x), x)
    nested = keras.Sequential([keras.Input((6,)), sequential, layers.Dense(2)])
    assert_equal_outputs(strip(nested), nested, x)


def test_activity_regularizers_of_this_package_go():
    ours = keras_regnoise.regularizers.VarianceConstancy(0.01)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activity_regularizer=ours, name="a"),
            layers.Dense(8, activity_regularizer="l2", name="b"),
        ]
    )
    stripped = strip(randomize(model))
    assert stripped.get_layer("a").activity_regularizer is None
    assert isinstance(
        stripped.get_layer("b").activity_regularizer, keras.regularizers.L2
    )
    assert model.get_layer("a").activity_regularizer is ours
    assert_equal_outputs(stripped, model, vectors())


class Own(layers.Layer):
    """A user's layer that holds another, and has a weight of its own."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        self.scale = self.add_weight(shape=input_shape[-1:], name="scale")
        if not self.inner.built:
            self.inner.build(input_shape)

    def call(self, inputs):
        return self.scale * self.inner(inputs)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner, **config)


def regularized(kind, *arguments, **options):
    ours = keras_regnoise.regularizers.VarianceConstancy()
    return kind(*arguments, activity_regularizer=ours, **options)


def dense():
    return regularized(layers.Dense, 6)


def with_attention():
    query = keras.Input((5, 6))
    attention = regularized(layers.MultiHeadAttention, 2, 3)
    return keras.Model(query, attention(query, query))


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.TimeDistributed(dense()),
        lambda: layers.Bidirectional(regularized(layers.GRU, 3, return_sequences=True)),
        lambda: layers.RNN(regularized(layers.GRUCell, 6), return_sequences=True),
        lambda: layers.TimeDistributed(keras.Sequential([keras.Input((6,)), dense()])),
        lambda: keras.Sequential(
            [keras.Input((5, 6)), layers.TimeDistributed(dense())]
        ),
        lambda: Own(Own(dense())),
        lambda: Own(keras_regnoise.layers.WeightNoise(dense(), stddev=0.1)),
        lambda: layers.TimeDistributed(
            keras_regnoise.layers.DropConnect(dense(), per="batch")
        ),
        lambda: ICLayer(normalization=regularized(layers.BatchNormalization)),
        with_attention,
    ],
)
def test_activity_regularizers_go_wherever_they_are(make):
    inputs = keras.Input((5, 6))
    model = randomize(keras.Model(inputs, make()(inputs)))
    assert_without_regularizers(model)


def test_a_regularized_layer_may_stand_in_two_places():
    inputs, layer = keras.Input((5, 6)), dense()
    outputs = layers.Add()([layer(inputs), layers.TimeDistributed(layer)(inputs)])
    assert_without_regularizers(randomize(keras.Model(inputs, outputs)))


def assert_without_regularizers(model):
    stripped, x = strip(model), np.random.default_rng(0).normal(size=(4, 5, 6))
    assert_close(predict(stripped, x), predict(model, x))
    assert "keras_regnoise" not in stripped.to_json()
    assert stripped.losses == []


def test_another_regularizer_of_this_package_is_named():
    ours = keras_regnoise.regularizers.VarianceConstancy()
    model = dense_chain(layers.Dense(2, kernel_regularizer=ours, name="odd"))
    with pytest.raises(ValueError, match=r"'odd'.* is no `activity_regularizer`"):
        strip(model)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: RotationOut(0.1), layers.Identity),
        (lambda: DropActivation(rate=0.1), layers.LeakyReLU),
        (lambda: ICLayer(0.1), layers.BatchNormalization),
        (
            lambda: keras_regnoise.layers.WeightNoise(layers.Dense(6), stddev=0.1),
            layers.Dense,
        ),
    ],
)
@pytest.mark.parametrize("hold", [Own, lambda layer: Own(Own(layer))])
def test_what_a_layer_of_the_users_holds_becomes_plain(make, kind, hold):
    model = dense_chain(layers.Dense(6), hold(make()), hold(layers.ReLU()))
    stripped, x = strip(model), vectors()
    assert_close(predict(stripped, x), predict(model, x))
    assert any(isinstance(la, kind) for la in stripped._flatten_layers())
    assert type(stripped.layers[2]) is type(stripped.layers[3]) is Own


def test_what_cannot_become_plain_is_named():
    class Hiding(Own):
        def get_config(self):
            return layers.Layer.get_config(self)

        @classmethod
        def from_config(cls, config):
            return cls(RotationOut(0.1), **config)

    class Doubled(DropActivation):
        def call(self, inputs, training=False):
            return 2 * super().call(inputs, training=training)

    for layer, name in (
        (Hiding(RotationOut(0.1), name="hiding"), "Hiding 'hiding'"),
        (Doubled("relu", 0.1, name="doubled"), "Doubled 'doubled'"),
        (Own(Doubled("relu", 0.1), name="own"), "Own 'own'"),
    ):
        with pytest.raises(ValueError, match=f"need keras_regnoise.*{name}"):
            strip(dense_chain(layer))


def test_the_activation_of_an_ic_layer_stays():
    mine = layers.Rescaling(2.0)
    noise = DropActivation("elu", 0.2), DropActivation(rate=0.3), mine
    model = dense_chain(*(ICLayer(noise=layer) for layer in noise))
    x = vectors()
    assert_close(predict(strip(model), x), predict(model, x))
    ours = ICLayer(
        normalization=keras_regnoise.layers.CrossNormalization(),
        noise=layers.Dropout(0.1),
        name="ours",
    )
    model = dense_chain(ours)
    assert type(strip(model).get_layer("ours")) is layers.BatchNormalization
    assert_close(predict(strip(model), x), predict(model, x))


def test_a_layer_called_on_several_sizes():
    act = DropActivation("elu", 0.2, name="act")
    a, b = keras.Input((3, 6)), keras.Input((5, 6))
    pooled = [layers.GlobalAveragePooling1D()(act(x)) for x in (a, b)]
    model = keras.Model([a, b], layers.Add()(pooled))
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(2, n, 6)).astype("float32") for n in (3, 5)]
    assert_close(predict(strip(model), x), predict(model, x))


def test_a_wrapped_layer_that_stands_elsewhere_too_is_refused():
    dense = layers.Dense(6, name="shared")
    x = inputs = keras.Input((6,))
    wrapper = keras_regnoise.layers.WeightNoise(dense, stddev=0.1, name="noisy")
    model = keras.Model(inputs, wrapper(dense(x)))
    with pytest.raises(ValueError, match=r"WeightNoise 'noisy' holds Dense 'shared'"):
        strip(model)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: keras_regnoise.layers.UniformNoise(0.3, name="ours"), None),
        (lambda: keras_regnoise.layers.DropPath(0.3, name="ours"), None),
        (lambda: keras_regnoise.layers.CenteredDropout(0.3, name="ours"), None),
        (lambda: keras_regnoise.layers.RandomizedLeakyReLU(name="ours"), "LeakyReLU"),
        (
            lambda: keras_regnoise.layers.CrossNormalization(name="ours"),
            "BatchNormalization",
        ),
        (
            lambda: keras_regnoise.layers.DropConnect(
                keras.layers.Dense(5), 0.3, name="ours"
            ),
            "Dense",
        ),
        (
            lambda: keras_regnoise.layers.WeightNoise(
                keras.layers.Dense(5), stddev=0.1, name="ours"
            ),
            "Dense",
        ),
    ],
)
def test_what_computes_at_inference_becomes_a_layer_of_keras(make, kind):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(5), make()])
    for number, weight in enumerate(model.weights):
        value = np.random.default_rng(number).uniform(0.5, 1.5, weight.shape)
        weight.assign(value)
    x = np.random.default_rng(9).normal(size=(4, 5)).astype("float32")
    stripped = strip(model)
    kinds = [type(layer).__name__ for layer in stripped.layers]
    assert kinds == ["Dense", *([kind] if kind else [])]
    if kind:
        assert stripped.layers[-1].name == "ours"
    assert_close(to_numpy(stripped(x)), to_numpy(model(x)))
