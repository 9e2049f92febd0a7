import keras
import numpy as np
import pytest

from keras_regnoise import CrossNormalization
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

EPSILON = 1e-3


def equation_29(x, mask=None):
    """Sample by sample, in float64; x is (batch, ..., features)."""
    x = np.asarray(x, "float64")
    mask = np.ones(x.shape[:-1], bool) if mask is None else mask
    y = np.empty_like(x)
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        values = x[others][mask[others]].reshape(-1, x.shape[-1])
        y[i] = (x[i] - values.mean(0)) / np.sqrt(values.var(0) + EPSILON)
    return y


def data(shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype("float32")


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (3, 5, 2), (2, 4, 3, 2)])
def test_equation_29(shape):
    x = data(shape)
    assert_close(CrossNormalization()(x, training=True), equation_29(x), 1e-4)


def test_channels_first():
    x = data((3, 4, 5, 2))
    y = CrossNormalization(axis=1)(np.moveaxis(x, -1, 1), training=True)
    assert_close(np.moveaxis(to_numpy(y), 1, -1), equation_29(x), 1e-4)


def test_masked_steps_stay_out():
    x = data((3, 6, 2))
    mask = np.ones((3, 6), bool)
    mask[0, 2:] = mask[2, 5:] = False
    padded = np.where(mask[..., None], x, np.nan).astype("float32")
    y = to_numpy(CrossNormalization()(padded, training=True, mask=mask))
    assert_close(y[mask], equation_29(x, mask)[mask], 1e-4)


def test_padding_of_nan_is_in_no_gradient():
    x = data((3, 6, 2))
    mask = np.ones((3, 6), bool)
    mask[0, 2:] = mask[2, 5:] = False

    def gradients(padding):
        layer = CrossNormalization()
        layer.build((None, 6, 2))

        def loss(x):
            y = layer(x, training=True, mask=keras.ops.convert_to_tensor(mask))
            return keras.ops.sum(keras.ops.where(mask[..., None], y**3, 0.0))

        padded = np.where(mask[..., None], x, padding).astype("float32")
        (found,) = gradient(loss, padded)
        return to_numpy(found)

    found = gradients(np.nan)
    assert np.isfinite(found).all()
    assert not found[~mask].any()
    assert_close(found, gradients(0.0), 1e-5)


def test_an_outlier_does_not_blur_the_others_in_its_own_statistics():
    x = data((8, 1))
    x[3] = 3000.0
    y = to_numpy(CrossNormalization()(x, training=True))
    assert y[3] == pytest.approx(equation_29(x)[3], rel=1e-3)


def test_gradient():
    x, gy = data((4, 3)), data((4, 3), seed=1)
    layer = CrossNormalization()
    layer.build(x.shape)

    def loss(x):
        with keras.StatelessScope():  # the moving statistics are not the point
            return dot(layer(x, training=True), gy)

    expected = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-5
        difference = equation_29(x + step) - equation_29(x - step)
        expected[index] = np.sum(difference * gy) / 2e-5
    assert_close(gradient(loss, x)[0], expected, 1e-4)


def curvature(layer, batch, draws=200_000):
    """Estimate of `E y(3) - 3 E y(1)` over the other samples, and its error.

    Every feature is a draw of its own; 0 for a function that is linear and odd.
    """
    rng = np.random.default_rng(batch)
    x = rng.normal(size=(batch, draws)).astype("float32")
    outputs = []
    for value in (1.0, 3.0):
        x[0] = value
        outputs.append(to_numpy(layer(x, training=True))[0].astype("float64"))
    difference = outputs[1] - 3.0 * outputs[0]
    return difference.mean(), difference.std() / np.sqrt(draws)


@pytest.mark.parametrize("batch", [4, 8, 16])
def test_the_expectation_is_linear_where_that_of_batch_normalization_is_not(batch):
    assert_within_standard_errors(*curvature(CrossNormalization(), batch), 0.0)
    mean, error = curvature(keras.layers.BatchNormalization(), batch)
    assert mean < -20 * error  # a large value is held down by its own variance


def test_moving_statistics_and_inference():
    x = data((5, 2))
    layer = CrossNormalization(momentum=0.75)
    layer(x, training=True)
    mean = 0.25 * x.mean(0)
    variance = 0.75 + 0.25 * x.var(0, ddof=1)  # equation 26
    assert_close(layer.moving_mean, mean)
    assert_close(layer.moving_variance, variance)
    layer.gamma.assign([2.0, 3.0])
    layer.beta.assign([1.0, -1.0])
    normalized = (x - mean) / np.sqrt(variance + EPSILON)
    assert_close(layer(x), normalized * [2.0, 3.0] + [1.0, -1.0])
    layer.trainable = False
    assert_close(layer(x, training=True), to_numpy(layer(x)))


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (1, 4, 3)])
def test_too_few_others_are_replaced_by_the_moving_statistics(shape):
    layer = CrossNormalization(momentum=0.5)
    layer.build((None, *shape[1:]))
    layer.moving_mean.assign([1.0, 2.0, 3.0])
    layer.moving_variance.assign([4.0, 9.0, 16.0])
    x = data(shape)
    expected = to_numpy(layer(x))
    assert_close(layer(x, training=True), expected)
    # They still follow what there is: all but a single vector has a variance.
    has_moved = to_numpy(layer.moving_mean.value)[0] != 1.0
    assert has_moved == (np.prod(shape[:-1]) > 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1.0}, r"`momentum` must be a float in \[0, 1\).*momentum=1.0"),
        ({"momentum": "0.9"}, r"`momentum` must be.*momentum='0.9'"),
        ({"epsilon": 0.0}, r"`epsilon` must be a positive float.*epsilon=0.0"),
        ({"axis": 1.5}, r"`axis` must be an integer.*axis=1.5"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        CrossNormalization(**options)


def test_a_mask_of_the_feature_axis():
    layer = CrossNormalization(axis=1)
    with pytest.raises(ValueError, match=r"mask must be of the axes before"):
        layer(np.ones((2, 4, 6), "float32"), training=True, mask=np.ones((2, 4), bool))
