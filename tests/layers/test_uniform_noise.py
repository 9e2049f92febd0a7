import keras
import numpy as np
import pytest

from keras_regnoise import UniformNoise
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

SCALE = 0.4


def test_factor_is_uniform_around_one():
    x = np.full((500, 400), 3.0, "float32")
    r = to_numpy(UniformNoise(SCALE, seed=1)(x, training=True)) / 3.0 - 1.0
    r = r.astype("float64").ravel()
    assert np.abs(r).max() <= SCALE * (1 + 1e-6)
    assert np.abs(r).max() > 0.999 * SCALE
    for power, moment in ((1, 0.0), (2, SCALE**2 / 3), (4, SCALE**4 / 5)):
        values = r**power
        error = values.std() / np.sqrt(r.size)
        assert_within_standard_errors(values.mean(), error, moment)


def test_gradient_is_the_same_factor():
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 8, 6)).astype("float32")

    def output(x):
        return UniformNoise(SCALE, seed=1)(x, training=True)

    factor = to_numpy(output(x)) / x
    assert_close(gradient(lambda x: dot(output(x), gy), x)[0], gy * factor)


def test_scale_zero_is_the_identity_and_a_schedule_is_counted():
    x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    assert (to_numpy(UniformNoise(0.0)(x, training=True)) == x).all()
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.0, 0.5])
    layer = UniformNoise.from_config(UniformNoise(schedule, seed=1).get_config())
    noise = [np.abs(to_numpy(layer(x, training=True)) - x).max() for _ in range(3)]
    assert noise[:2] == [0.0, 0.0]
    assert noise[2] > 0.0


@pytest.mark.parametrize("scale", [-0.1, float("nan"), float("inf"), "0.1", None])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match=r"`scale` must be.*Received: scale="):
        UniformNoise(scale)
