import numpy as np

from keras_regnoise import DropPath
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

RATE = 0.3


def test_samples_are_dropped_or_scaled_as_a_whole():
    x = np.random.default_rng(0).normal(size=(20_000, 2, 3)).astype("float32")
    y = to_numpy(DropPath(RATE, seed=1)(x, training=True))
    is_dropped = (y == 0).all(axis=(1, 2))
    assert_close(y[~is_dropped], x[~is_dropped] / (1 - RATE))
    error = np.sqrt(RATE * (1 - RATE) / len(x))
    assert_within_standard_errors(is_dropped.mean(), error, RATE)


def test_gradient_passes_kept_samples_only():
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 32, 2, 3)).astype("float32")

    def output(x):
        return DropPath(RATE, seed=1)(x, training=True)

    factor = to_numpy(output(x)) / x
    assert_close(gradient(lambda x: dot(output(x), gy), x)[0], gy * factor)


def test_a_dropped_sample_may_be_infinite():
    x = np.full((64, 2), np.inf, "float32")
    y = to_numpy(DropPath(RATE, seed=1)(x, training=True))
    assert set(y.ravel()) == {0.0, np.inf}
