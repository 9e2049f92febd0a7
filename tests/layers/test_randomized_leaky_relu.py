import keras
import numpy as np
import pytest

from keras_regnoise import RandomizedLeakyReLU
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

LOWER, UPPER = 0.1, 0.4


def test_slopes_are_uniform_and_positive_inputs_stay():
    x = np.random.default_rng(0).normal(size=(500, 400)).astype("float32")
    y = to_numpy(RandomizedLeakyReLU(LOWER, UPPER, seed=1)(x, training=True))
    assert (y[x >= 0] == x[x >= 0]).all()
    slope = (y[x < 0] / x[x < 0]).astype("float64")
    assert slope.min() > LOWER - 1e-6
    assert slope.max() < UPPER + 1e-6
    root = np.sqrt(slope.size)
    mean = (LOWER + UPPER) / 2
    assert_within_standard_errors(slope.mean(), slope.std() / root, mean)
    squares = (slope - mean) ** 2
    variance = (UPPER - LOWER) ** 2 / 12
    assert_within_standard_errors(squares.mean(), squares.std() / root, variance)


def test_inference_has_the_mean_slope_of_torch():
    x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    assert_close(RandomizedLeakyReLU()(x), np.where(x < 0, x * (11 / 48), x))
    if keras.config.backend() == "torch":
        import torch

        reference = torch.nn.RReLU().eval()
        assert_close(RandomizedLeakyReLU()(x), to_numpy(reference(torch.tensor(x))))


def test_gradient_is_the_slope():
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 8, 6)).astype("float32")

    def output(x):
        return RandomizedLeakyReLU(0.0, UPPER, seed=1)(x, training=True)

    factor = to_numpy(output(x)) / x
    assert_close(gradient(lambda x: dot(output(x), gy), x)[0], gy * factor)


def test_equal_bounds_are_leaky_relu():
    x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    y = RandomizedLeakyReLU(0.2, 0.2)(x, training=True)
    assert_close(y, np.where(x < 0, 0.2 * x, x))


@pytest.mark.parametrize(
    ("lower", "upper", "received"),
    [
        (3.0, 8.0, "upper=8.0"),
        (0.3, 0.1, "lower=0.3"),
        (-0.1, 0.1, "lower=-0.1"),
        ("0", 1.0, "lower='0'"),
        (0.1, None, "upper=None"),
    ],
)
def test_bad_slopes(lower, upper, received):
    message = rf"must be a float in \[0, .*the slopes 1/8 and 1/3.*Received: {received}"
    with pytest.raises(ValueError, match=message):
        RandomizedLeakyReLU(lower, upper)
