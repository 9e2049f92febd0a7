import itertools
import math
from statistics import NormalDist

import keras
import numpy as np
import pytest

from keras_regnoise import DropConnect
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    outputs_of_calls,
    to_numpy,
)

RATE = 0.4


def relu_of_normal(mean, variance):
    """E max(z, 0) of a normal z."""
    stddev = np.sqrt(variance)
    z = mean / stddev
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    cumulative = (1 + np.vectorize(math.erf)(z / np.sqrt(2))) / 2
    return mean * cumulative + stddev * density


def made(inner, dim, seed=1, **options):
    layer = DropConnect(inner, RATE, seed=seed, **options)
    layer.build((None, dim))
    inner.bias.assign(np.random.default_rng(5).normal(size=inner.bias.shape))
    return layer


def moments(layer, x):
    """Mean and variance of the pre-activations, from the definition."""
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    variance = RATE / (1 - RATE) * (x.astype("float64") ** 2 @ kernel**2)
    return x @ kernel + bias, variance


@pytest.mark.parametrize("per", ["sample", "batch"])
def test_moments_of_the_preactivations(per):
    layer = made(keras.layers.Dense(3), 5, per=per)
    x = np.random.default_rng(0).normal(size=5).astype("float32")
    mean, variance = moments(layer, x)
    calls, batch = (1, 50_000) if per == "sample" else (500, 2)
    rows = np.repeat(x[None], batch, axis=0)
    z = outputs_of_calls(layer, rows, calls)
    if per == "batch":
        assert_close(z[:, 0], z[:, 1])
        z = z[:, :1]
    z = z.reshape(-1, 3).astype("float64")
    root = np.sqrt(len(z))
    assert_within_standard_errors(z.mean(0), z.std(0) / root, mean)
    products = np.einsum("ni,nj->nij", z - mean, z - mean)
    expected = np.diag(variance)  # the masks of two units are independent
    error = products.std(0) / root
    assert_within_standard_errors(products.mean(0), error, expected)


def test_the_expected_activation_is_that_of_all_masks():
    layer = made(keras.layers.Dense(1, activation="relu"), 3)
    x = np.array([1.0, -2.0, 0.5], "float32")
    kernel, bias = layer.get_weights()
    expected = 0.0
    for mask in itertools.product([0, 1], repeat=3):
        probability = np.prod([RATE if m == 0 else 1 - RATE for m in mask])
        z = (x * mask / (1 - RATE)) @ kernel[:, 0] + bias[0]
        expected += probability * max(z, 0.0)
    y = to_numpy(layer(np.repeat(x[None], 100_000, axis=0), training=True))
    error = y.std() / np.sqrt(len(y))
    assert_within_standard_errors(y.astype("float64").mean(), error, expected)


def test_positions_share_the_mask_of_their_sample():
    layer = made(keras.layers.Dense(3), 5)
    x = np.random.default_rng(0).normal(size=(1, 1, 5))
    x = np.broadcast_to(x, (2, 4, 5)).astype("float32")
    y = to_numpy(layer(x, training=True))
    assert_close(y, np.broadcast_to(y[:, :1], y.shape))
    assert np.abs(y[0] - y[1]).max() > 1e-3


@pytest.mark.parametrize("per", ["sample", "batch"])
def test_a_step_of_training_moves_the_true_weights(per):
    rng = np.random.default_rng(0)
    x = np.eye(5, dtype="float32")  # so that the output shows the kernels
    y = rng.normal(size=(5, 3))
    layer = made(keras.layers.Dense(3), 5, per=per)
    probe = made(keras.layers.Dense(3), 5, per=per)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    kernel, bias = model.get_weights()
    probe.set_weights([kernel, bias])
    outputs = to_numpy(probe(x, training=True))
    factor = (outputs - bias) / kernel
    model.train_on_batch(x, y)
    gradient = 2.0 * (outputs - y) / y.size
    assert_close(model.get_weights()[0], kernel - 0.1 * factor * gradient, 1e-4)
    assert_close(model.get_weights()[1], bias - 0.1 * gradient.sum(0), 1e-4)


def test_inference_by_the_mean_is_the_layer():
    layer = made(keras.layers.Dense(3, activation="relu"), 5)
    x = np.random.default_rng(0).normal(size=(4, 5))
    assert (to_numpy(layer(x)) == to_numpy(layer.layer(x))).all()


def error_of_relu(variance, number):
    """Bound for ReLU over `number` parts: half the deviation within the last one."""
    edge = NormalDist().inv_cdf(1 - 1 / number)
    mean = number * NormalDist().pdf(edge)  # of the part beyond
    above = NormalDist().pdf(mean) - mean * (1 - NormalDist().cdf(mean))
    return np.sqrt(variance) * above + 1e-6


def test_gaussian_inference():
    options = {"inference": "gaussian", "num_samples": 100}
    layer = made(keras.layers.Dense(3, activation="relu"), 5, **options)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    mean, variance = moments(layer, x)
    y = to_numpy(layer(x))
    error = np.abs(y - relu_of_normal(mean, variance))
    assert (error <= error_of_relu(variance, 100)).all()
    assert (error < 0.002 * np.sqrt(variance)).all()  # as the docstring says
    # Of a sample alone: not of its place in the batch, of training, nor of the seed.
    layer(x, training=True)
    assert_close(layer(x[::-1]), y[::-1])
    other = made(keras.layers.Dense(3, activation="relu"), 5, seed=2, **options)
    other.set_weights(layer.get_weights())
    assert (to_numpy(other(x)) == y).all()


def test_gaussian_inference_of_a_linear_activation_is_exact():
    layer = made(keras.layers.Dense(3), 5, inference="gaussian", num_samples=7)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    assert_close(layer(x), moments(layer, x)[0], 1e-6)


@pytest.mark.parametrize("activation", ["relu", "tanh", "softmax"])
def test_gaussian_inference_is_the_mean_of_training(activation):
    # Wide, so that the sum over the masks is close to the Gaussian.
    layer = made(
        keras.layers.Dense(4, activation=activation), 300, inference="gaussian"
    )
    x = np.random.default_rng(0).normal(size=300).astype("float32")
    draws = to_numpy(layer(np.repeat(x[None], 4000, axis=0), training=True))
    error = draws.std(0) / np.sqrt(4000)
    expected = to_numpy(layer(x[None]))[0]
    assert_within_standard_errors(draws.mean(0), error, expected)
    at_the_mean = to_numpy(layer.layer(x[None]))[0]
    assert np.abs(at_the_mean - expected).max() > 10 * error.max()


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gaussian_inference_of_a_convolution(rank, data_format):
    convolution = getattr(keras.layers, f"Conv{rank}D")
    options = {"activation": "relu", "data_format": data_format, "padding": "same"}
    inner = convolution(2, 1, **options)
    layer = DropConnect(
        inner, RATE, per="batch", inference="gaussian", num_samples=100, seed=1
    )
    x = np.random.default_rng(0).normal(size=(2, *[2] * rank, 3)).astype("float32")
    moved = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    try:
        inner(moved)
    except Exception as error:  # Keras's own
        pytest.skip(f"no such convolution on this machine: {type(error).__name__}")
    y = to_numpy(layer(moved))
    y = y if data_format == "channels_last" else np.moveaxis(y, 1, -1)
    # A kernel of size 1 is a Dense at every position.
    kernel = to_numpy(inner.kernel.value).reshape(3, 2).astype("float64")
    variance = RATE / (1 - RATE) * (x.astype("float64") ** 2 @ kernel**2)
    error = np.abs(y - relu_of_normal(x @ kernel, variance))
    assert (error <= error_of_relu(variance, 100)).all()


def test_a_convolution_drops_entries_of_its_kernel():
    inner = keras.layers.Conv2D(8, 2, use_bias=False, kernel_initializer="ones")
    layer = DropConnect(inner, RATE, per="batch", seed=1)
    x = np.zeros((2, 3, 3, 64), "float32")
    x[:, 1, 1] = np.eye(64)[:2]
    y = to_numpy(layer(x, training=True))
    assert set(np.round(y.ravel(), 5)) == {0.0, np.float32(np.round(1 / (1 - RATE), 5))}
    assert_close(layer(x), to_numpy(inner(x)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: DropConnect(keras.layers.LSTM(3)),
            "wraps Dense.*Received: layer=LSTM",
        ),
        (lambda: DropConnect(keras.layers.Conv2D(3, 3)), "Use per='batch'.*Conv2D"),
        (
            lambda: DropConnect(keras.layers.Dense(3), per="call"),
            "`per` must be one of",
        ),
        (
            lambda: DropConnect(keras.layers.Dense(3), inference="mc"),
            "`inference` must be one of",
        ),
        (
            lambda: DropConnect(keras.layers.Dense(3), num_samples=0),
            "`num_samples` must be.*num_samples=0",
        ),
        (
            lambda: DropConnect(keras.layers.Dense(3, activity_regularizer="l2")),
            "no activity_regularizer",
        ),
        (
            lambda: DropConnect(
                keras.layers.Conv1D(3, 3, padding="causal"),
                per="batch",
                inference="gaussian",
            ),
            "padding='causal'",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
