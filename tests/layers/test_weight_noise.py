import keras
import numpy as np
import pytest

from keras_regnoise import WeightNoise
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    to_numpy,
)

RATE, STDDEV = 0.3, 0.2
KINDS = [{"rate": RATE}, {"stddev": STDDEV}]


def dense(units=3, **options):
    return keras.layers.Dense(units, **options)


def noisy_kernel(layer, dim):
    """Kernel of a wrapped linear Dense in one training call."""
    bias = to_numpy(layer.layer.bias.value)
    return to_numpy(layer(np.eye(dim, dtype="float32"), training=True)) - bias


@pytest.mark.parametrize("options", KINDS)
def test_mean_and_variance_of_the_weights(options):
    layer = WeightNoise(dense(400), seed=1, **options)
    layer.build((None, 300))
    kernel = np.full((300, 400), 2.0, "float32")
    layer.layer.kernel.assign(kernel)
    noise = (noisy_kernel(layer, 300) - kernel).astype("float64").ravel()
    root = np.sqrt(noise.size)
    assert_within_standard_errors(noise.mean(), noise.std() / root, 0.0)
    variance = STDDEV**2 if "stddev" in options else 4.0 * RATE / (1 - RATE)
    squares = noise**2
    assert_within_standard_errors(squares.mean(), squares.std() / root, variance)
    assert (to_numpy(layer.layer.kernel.value) == kernel).all()


@pytest.mark.parametrize("options", KINDS)
def test_one_noise_per_call(options):
    x = np.repeat(np.random.default_rng(0).normal(size=(1, 5)), 8, axis=0)
    layer = WeightNoise(dense(), seed=1, **options)
    first, second = (to_numpy(layer(x, training=True)) for _ in range(2))
    assert_close(first, np.repeat(first[:1], 8, axis=0))
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_step_of_training_moves_the_true_weights(options, jit_compile):
    if jit_compile and keras.config.backend() == "torch":
        pytest.skip("torch.compile is not what is tested here")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 5)), rng.normal(size=(8, 3))
    model = keras.Sequential(
        [keras.Input((5,)), WeightNoise(dense(), seed=1, **options)]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    kernel, bias = model.get_weights()
    probe = WeightNoise(dense(), seed=1, **options)
    probe.build((None, 5))
    probe.set_weights([kernel, bias])
    noisy = noisy_kernel(probe, 5)

    model.train_on_batch(x, y)
    gradient = 2.0 * (x @ noisy + bias - y) / y.size
    factor = noisy / kernel if "rate" in options else 1.0
    assert_close(model.get_weights()[0], kernel - 0.1 * factor * (x.T @ gradient), 1e-4)
    assert_close(model.get_weights()[1], bias - 0.1 * gradient.sum(0), 1e-4)


def test_state_and_losses_of_the_wrapped_layer_are_as_without_noise():
    def inner():
        return keras.Sequential(
            [
                dense(4, activity_regularizer=keras.regularizers.L2(0.1)),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5, seed=1),
                dense(1),
            ]
        )

    def fitted(wrap):
        model = keras.Sequential([keras.Input((5,)), wrap(inner())])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.set_weights(weights or model.get_weights())
        weights[:] = model.get_weights()
        losses = [float(model.train_on_batch(x, y)) for _ in range(3)]
        return losses, model

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 5)), rng.normal(size=(8, 1))
    weights = []
    expected, plain = fitted(lambda layer: layer)
    # Noise too small to see, but drawn: everything goes through the other values.
    actual, noisy = fitted(lambda layer: WeightNoise(layer, stddev=1e-9, seed=1))
    np.testing.assert_allclose(actual, expected, rtol=1e-4)
    for ours, theirs in zip(noisy.get_weights(), plain.get_weights(), strict=True):
        assert_close(ours, theirs, 1e-4)
    noisy.layers[0](x, training=True)
    assert len(noisy.layers[0].losses) == 1


class Reveal(keras.layers.Layer):
    """Returns its weight: what noise was drawn for that shape."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(4, 16), name="recurrent_kernel")

    def call(self, inputs):
        return 1.0 * self.kernel


def test_weight_drop_is_an_lstm_with_one_mask_of_its_recurrent_kernel():
    x = np.random.default_rng(0).normal(size=(3, 6, 5)).astype("float32")
    options = {"rate": RATE, "weights": ("recurrent_kernel",), "seed": 1}
    lstm = keras.layers.LSTM(4, return_sequences=True)
    layer = WeightNoise(lstm, **options)
    layer.build(x.shape)
    kernel, recurrent_kernel, bias = lstm.get_weights()

    reveal = WeightNoise(Reveal(), **options)
    reveal.build(x.shape)
    reveal.set_weights([recurrent_kernel])
    noisy = to_numpy(reveal(x, training=True))
    assert 0 < (noisy == 0).mean() < 1

    actual = to_numpy(layer(x, training=True))
    lstm.set_weights([kernel, noisy, bias])
    assert_close(actual, to_numpy(lstm(x)))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    "inner",
    [
        lambda: keras.layers.LSTM(4, dropout=0.2, recurrent_dropout=0.2, seed=1),
        lambda: keras.layers.GRU(4),
        lambda: keras.layers.Bidirectional(keras.layers.LSTM(4)),
        lambda: keras.layers.RNN(
            [keras.layers.LSTMCell(4), keras.layers.SimpleRNNCell(4)]
        ),
    ],
    ids=["lstm", "gru", "bidirectional", "stacked"],
)
def test_recurrent_layers_train_with_masks(inner, jit_compile):
    if jit_compile and keras.config.backend() != "jax":
        pytest.skip("the loop of TensorFlow and torch is compiled by nothing here")
    layer = WeightNoise(inner(), rate=RATE, weights=("recurrent_kernel",), seed=1)
    x = np.random.default_rng(0).normal(size=(8, 6, 5)).astype("float32")
    x[:, 4:] = 0.0
    model = keras.Sequential([keras.Input((6, 5)), keras.layers.Masking(), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    before = model.get_weights()
    model.fit(x, np.ones((8, *layer.output.shape[1:])), verbose=0, epochs=2)
    after = model.get_weights()
    assert all((a != b).any() for a, b in zip(after, before, strict=True))
    # The mask reached the layer inside: padding does not count.
    shorter = keras.Model(model.inputs, model.outputs).predict(x[:, :6], verbose=0)
    assert_close(model.predict(np.where(x == 0, 0.0, x), verbose=0), shorter)


def test_masks_and_initial_states_are_passed_on():
    x = np.random.default_rng(0).normal(size=(3, 6, 5)).astype("float32")
    lstm = keras.layers.LSTM(4, return_sequences=True, return_state=True)
    layer = WeightNoise(lstm, rate=0.0, weights=("recurrent_kernel",))
    mask = np.arange(6) < np.array([[2], [6], [4]])
    state = [np.ones((3, 4), "float32"), np.ones((3, 4), "float32")]
    actual = layer(x, initial_state=state, mask=mask, training=True)
    expected = lstm(x, initial_state=state, mask=mask, training=True)
    for ours, theirs in zip(actual, expected, strict=True):
        assert_close(ours, to_numpy(theirs))


def test_embeddings_take_integers():
    layer = WeightNoise(
        keras.layers.Embedding(7, 3), stddev=0.1, weights=["embeddings"]
    )
    x = np.array([[1, 2, 1]])
    y = to_numpy(layer(x, training=True))
    assert (y[0, 0] == y[0, 2]).all()
    assert (y != to_numpy(layer(x))).all()


@pytest.mark.parametrize("options", KINDS)
def test_weights_are_those_of_the_layer(options):
    inner = dense()
    layer = WeightNoise(inner, **options)
    layer.build((None, 5))
    assert [id(w) for w in layer.weights] == [id(inner.kernel), id(inner.bias)]
    plain = dense()
    plain.build((None, 5))
    layer.set_weights(plain.get_weights())
    x = np.random.default_rng(0).normal(size=(4, 5))
    assert (to_numpy(layer(x)) == to_numpy(plain(x))).all()


def test_stddev_zero_is_the_layer():
    layer = WeightNoise(dense(), stddev=0.0)
    x = np.random.default_rng(0).normal(size=(4, 5))
    assert (to_numpy(layer(x, training=True)) == to_numpy(layer.layer(x))).all()


def test_a_schedule_of_the_deviation():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.0, 0.5])
    layer = WeightNoise(dense(), stddev=schedule, seed=1)
    layer = WeightNoise.from_config(layer.get_config())
    x = np.random.default_rng(0).normal(size=(4, 5))
    plain = to_numpy(layer(x))
    noise = [np.abs(to_numpy(layer(x, training=True)) - plain).max() for _ in range(3)]
    assert noise[:2] == [0.0, 0.0]
    assert noise[2] > 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Exactly one of.*Received: stddev=None, rate=None"),
        ({"stddev": 0.1, "rate": 0.1}, "Exactly one of.*stddev=0.1, rate=0.1"),
        ({"stddev": -0.1}, "`stddev` must be.*Received: stddev=-0.1"),
        ({"stddev": 0.1, "weights": "kernel"}, "tuple of names.*weights='kernel'"),
        ({"stddev": 0.1, "weights": ()}, r"tuple of names.*weights=\(\)"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        WeightNoise(dense(), **options)


def test_what_cannot_be_wrapped():
    with pytest.raises(ValueError, match=r"`layer` must be a Keras layer.*layer=3"):
        WeightNoise(3, stddev=0.1)
    x = np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match=r"does not have: \['kernel'\].*are \[\]"):
        WeightNoise(keras.layers.ReLU(), stddev=0.1)(x)
    inner = keras.layers.SpectralNormalization(dense())
    with pytest.raises(ValueError, match="must not assign to them"):
        WeightNoise(inner, stddev=0.1)(x, training=True)
