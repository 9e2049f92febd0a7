import keras
import numpy as np
import pytest
from keras import ops

from keras_regnoise import DropActivation
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

RATE = 0.3


def softsign(x):
    return x / (1 + ops.absolute(x))


ACTIVATIONS = ["relu", "gelu", "tanh", softsign]
names = [getattr(a, "__name__", a) for a in ACTIVATIONS]


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_inference_of_relu_is_leaky_relu():
    x = normal((50, 20))
    expected = keras.layers.LeakyReLU(negative_slope=RATE)(x)
    assert_close(DropActivation("relu", RATE)(x), to_numpy(expected), 1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=names)
def test_inference_is_the_mean_of_both(activation):
    x = normal((50, 20))
    f = keras.activations.get(activation)
    expected = RATE * x + (1 - RATE) * to_numpy(f(x))
    assert_close(DropActivation(activation, RATE)(x), expected, 1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=names)
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.95])
def test_rate_and_values_in_training(activation, rate):
    x = -np.abs(normal((400, 500))) - 0.1
    f = to_numpy(keras.activations.get(activation)(ops.convert_to_tensor(x)))
    y = to_numpy(DropActivation(activation, rate, seed=1)(x, training=True))
    dropped = y == x
    np.testing.assert_allclose(y[~dropped], f[~dropped], atol=1e-6)
    error = np.sqrt(rate * (1 - rate) / x.size)
    assert_within_standard_errors(dropped.mean(), error, rate)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_rate_is_exact_in_half_precision(activation, dtype):
    # Drawn in bfloat16, a rate of 0.01 would be 0.0157.
    rate, x = 0.01, ops.cast(-np.ones((1000, 1000)), dtype)
    layer = DropActivation(activation, rate, seed=1, dtype=dtype)
    y = to_numpy(ops.cast(layer(x, training=True), "float32"))
    error = np.sqrt(rate * (1 - rate) / y.size)
    assert_within_standard_errors(np.mean(y == -1), error, rate)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=names)
def test_mean_over_draws_is_the_inference_output(activation):
    x = normal((40,))
    layer = DropActivation(activation, RATE, seed=2)
    draws = to_numpy(layer(np.broadcast_to(x, (20_000, 40)), training=True))
    draws = draws.astype("float64")
    error = draws.std(axis=0) / np.sqrt(len(draws)) + 1e-6
    assert_within_standard_errors(draws.mean(axis=0), error, to_numpy(layer(x)))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=names)
def test_gradient_is_that_of_the_branch_taken(activation):
    x, gy = normal((30, 20)), normal((30, 20), seed=1)

    def loss(x):
        return dot(DropActivation(activation, RATE, seed=3)(x, training=True), gy)

    y = to_numpy(DropActivation(activation, RATE, seed=3)(x, training=True))
    f = keras.activations.get(activation)
    slope = gradient(lambda x: ops.sum(f(x)), x)[0]
    expected = np.where((y == x) & (x != to_numpy(f(x))), gy, slope * gy)
    assert_close(gradient(loss, x)[0], expected)


def test_nan_stays_visible():
    x = np.array([np.nan, 1.0, -1.0], "float32")
    y = to_numpy(DropActivation("relu", 0.5)(x, training=True))
    assert np.isnan(y[0])


@pytest.mark.parametrize("activation", ["nothing", 0.05])
def test_unknown_activation(activation):
    with pytest.raises(ValueError, match=r"name of a Keras activation.*Received: "):
        DropActivation(activation)
