import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.analysis import mc_predict
from keras_regnoise.layers import (
    CenteredDropout,
    DropActivation,
    DropConnect,
    DropPath,
    ICLayer,
    RandomizedLeakyReLU,
    RotationOut,
    SpatialRotationOut,
    UniformNoise,
    WeightNoise,
)
from tests.analysis.models import (
    EVERY_KIND,
    assert_same_state,
    flat,
    inputs,
    state,
    train,
)
from tests.helpers import assert_within_standard_errors


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_noise_is_on_and_the_model_is_left_as_found(kind):
    model = EVERY_KIND[kind]()
    train(model)
    before, x = state(model), inputs(16)
    clean = model.predict(x, verbose=0)
    prediction = mc_predict(model, x, 5, batch_size=8, keep_samples=True)
    assert_same_state(before, state(model))
    np.testing.assert_array_equal(model.predict(x, verbose=0), clean)
    assert prediction.samples.shape == (5, *clean.shape)
    assert prediction.std.shape == clean.shape
    assert (prediction.std > 0).all()
    np.testing.assert_allclose(
        prediction.mean, prediction.samples.mean(axis=0), 1e-4, 1e-6
    )
    np.testing.assert_allclose(
        prediction.std, prediction.samples.std(axis=0, ddof=1), rtol=1e-4
    )
    model.fit(x, np.zeros_like(clean), verbose=0)  # and it trains on


@pytest.mark.parametrize("failure", ["batch", "model"])
def test_the_model_is_left_as_found_after_an_error(failure):
    model = EVERY_KIND["nested"]()
    before = state(model)

    def batches():
        yield inputs(4)
        if failure == "batch":
            raise KeyError("no more")
        yield inputs(4, dim=5)

    with pytest.raises(Exception, match=r"no more|incompatible|shape|Matrix"):
        mc_predict(model, batches(), 3)
    assert_same_state(before, state(model))


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_mean_and_spread_of_dropout(rate):
    # One unit times a weight: the outputs have a known mean and variance.
    model = keras.Sequential([keras.Input((3,)), layers.Dropout(rate)])
    x, number = inputs(400, 3), 50
    prediction = mc_predict(model, x, number, seed=1)
    expected = np.abs(x) * np.sqrt(rate / (1 - rate))
    error = expected / np.sqrt(number) + 1e-6
    z = (prediction.mean - x) / error
    assert np.sqrt((z**2).mean()) < 1.1  # 1 with a standard error of 0.02
    # The ratio of variances is 1 on average.
    if rate:
        ratios = (prediction.std / expected) ** 2
        assert_within_standard_errors(
            ratios.mean(), ratios.std() / np.sqrt(ratios.size), 1.0
        )


@pytest.mark.parametrize(
    "noise",
    [
        layers.Dropout(0.3),
        layers.GaussianDropout(0.3),
        layers.GaussianNoise(0.3),
        layers.AlphaDropout(0.3),
        RotationOut(0.3),
        DropActivation(rate=0.3),
        ICLayer(0.3),
        ICLayer(0.3, noise="rotationout"),
        ICLayer(noise=layers.GaussianNoise(0.3)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_every_noise_of_vectors(noise):
    # Not of every example: DropActivation leaves positive units alone.
    prediction = mc_predict(flat(noise), inputs(16), 4)
    assert (prediction.std > 0).any(axis=0).all()


@pytest.mark.parametrize(
    ("shape", "noise"),
    [
        ((5, 4), layers.SpatialDropout1D(0.5)),
        ((5, 5, 4), layers.SpatialDropout2D(0.5)),
        ((3, 3, 3, 4), layers.SpatialDropout3D(0.5)),
        ((5, 5, 4), SpatialRotationOut(0.5)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_noise_of_maps(shape, noise):
    model = keras.Sequential([keras.Input(shape), noise, layers.Flatten()])
    x = np.random.default_rng(0).normal(size=(8, *shape))
    prediction = mc_predict(model, x, 6)
    assert (prediction.std.max(axis=1) > 0).all()
    assert prediction.mean.shape == (8, np.prod(shape))


class OwnNoise(layers.Layer):
    """Noise that is no NoiseLayer and no Dropout."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(3)

    def call(self, x, training=False):
        if not training:
            return x
        return x + keras.random.normal(keras.ops.shape(x), seed=self.generator)


def test_normalization_stays_in_inference_mode():
    # One example alone: normalized by its own batch it would be 0 everywhere.
    model = flat(ICLayer(0.5, name="ic"), layers.BatchNormalization(name="norm"))
    for name in ("ic", "norm"):
        layer = model.get_layer(name)
        norm = layer.normalization if name == "ic" else layer
        norm.moving_mean.assign(np.full(8, 5.0))
        norm.moving_variance.assign(np.full(8, 4.0))
    x = inputs(1)
    prediction = mc_predict(model, x, 400, seed=0)
    error = prediction.std / np.sqrt(400)
    assert_within_standard_errors(prediction.mean, error, model.predict(x, verbose=0))


@pytest.mark.parametrize("wrapper", ["DropConnect", "WeightNoise"])
def test_noise_on_weights(wrapper):
    dense = layers.Dense(3, use_bias=False)
    if wrapper == "DropConnect":
        model = flat(DropConnect(dense, 0.4, name="noise"))
    else:  # normalization that the noisy layer holds
        inner = keras.Sequential([dense, layers.BatchNormalization()])
        model = flat(WeightNoise(inner, stddev=0.3, name="noise"))
    train(model)
    before, x = state(model), inputs(1)
    prediction = mc_predict(model, x, 400, seed=0)
    assert_same_state(before, state(model))
    assert (prediction.std > 0).all()
    error = prediction.std / np.sqrt(400)
    assert_within_standard_errors(prediction.mean, error, model.predict(x, verbose=0))


@pytest.mark.parametrize(
    "noise",
    [
        CenteredDropout(0.5),
        UniformNoise(0.5),
        RandomizedLeakyReLU(),
        DropPath(0.5),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_further_noise(noise):
    assert (mc_predict(flat(noise), inputs(16), 6).std > 0).any(axis=0).all()


def test_the_noise_of_an_ic_layer_can_be_any_layer():
    model = flat(ICLayer(noise=OwnNoise()))
    assert (mc_predict(model, inputs(4), 3).std > 0).all()


def test_also():
    model = flat(OwnNoise())
    with pytest.raises(ValueError, match=r"no noise layer.*`also`"):
        mc_predict(model, inputs(4), 3)
    prediction = mc_predict(model, inputs(4), 3, also=OwnNoise)
    assert (prediction.std > 0).all()


def test_seeds():
    model, x = flat(layers.Dropout(0.3, seed=1), RotationOut(0.3)), inputs(16)
    first, again, other = (
        mc_predict(model, x, 3, seed=seed, batch_size=8).mean for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    fresh = [mc_predict(model, x, 3).mean for _ in range(2)]
    assert (fresh[0] != fresh[1]).all()
    keras.utils.set_random_seed(5)
    fixed = mc_predict(model, x, 3).mean
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(mc_predict(model, x, 3).mean, fixed)


def test_a_schedule_stands_still():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.0, 0.5])
    model = flat(RotationOut(schedule, name="noise"))
    assert mc_predict(model, inputs(8), 20).std.max() < 1e-6  # step 0: no noise yet
    for _ in range(6):
        model(inputs(8), training=True)
    assert mc_predict(model, inputs(8), 3).std.min() > 0


def test_several_inputs_and_outputs():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    y = layers.Dropout(0.5)(layers.Add()([a, b]))
    model = keras.Model({"a": a, "b": b}, {"sum": y, "a": a})
    x = {"a": inputs(10, 3), "b": inputs(10, 3, seed=1)}
    prediction = mc_predict(model, x, 4, batch_size=4, keep_samples=True)
    np.testing.assert_allclose(prediction.mean["a"], x["a"], rtol=1e-6)
    np.testing.assert_array_equal(prediction.std["a"], 0.0)
    assert prediction.std["sum"].max() > 0
    assert prediction.samples["sum"].shape == (4, 10, 3)


def test_dropout_inside_other_layers():
    x = keras.Input((4, 6))
    y = layers.TimeDistributed(layers.Dropout(0.5))(x)
    y = layers.MultiHeadAttention(2, 3, dropout=0.5)(y, y)
    model = keras.Model(x, y)
    data = np.random.default_rng(0).normal(size=(3, 4, 6))
    assert (mc_predict(model, data, 3).std > 0).all()


def test_recurrent_dropout_through_also():
    model = keras.Sequential([keras.Input((4, 6)), layers.LSTM(3, dropout=0.5)])
    data = np.random.default_rng(0).normal(size=(5, 4, 6))
    assert (mc_predict(model, data, 4, also=layers.LSTM).std > 0).all()


def test_compiled_by_xla():
    model = flat(RotationOut(0.3), layers.Dropout(0.3))
    model.compile("sgd", "mse", jit_compile=keras.config.backend() != "torch")
    assert (mc_predict(model, inputs(8), 3).std > 0).all()


@pytest.mark.parametrize("number", [1, 2.5, True])
def test_bad_number_of_samples(number):
    with pytest.raises(ValueError, match=r"2 or more. Received: num_samples"):
        mc_predict(flat(layers.Dropout(0.1)), inputs(2), number)


def test_bad_model():
    with pytest.raises(ValueError, match=r"must be a Keras model.*Dropout"):
        mc_predict(layers.Dropout(0.1), inputs(2))
    with pytest.raises(ValueError, match=r"not built yet.*keras.Input"):
        mc_predict(keras.Sequential([layers.Dropout(0.1)]), inputs(2))
