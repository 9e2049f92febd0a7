import numpy as np
import pytest
from keras import ops

from keras_regnoise import CenteredDropout
from keras_regnoise.layers.centered_dropout import (
    deviations_gradient,
    drop_deviations,
)
from keras_regnoise.ops import centered_dropout
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    golden,
    gradient,
    to_numpy,
)

RATE = 0.3


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_matches_the_authors_code(data_format):
    case = golden("centered_dropout_conv_center_r30")
    axis = 1
    if data_format == "channels_last":
        case = {k: v if k == "meta" else np.moveaxis(v, 1, -1) for k, v in case.items()}
        axis = -1
    x, mask = case["x"], case["mask"]
    weights = np.full([1] * x.ndim, x.shape[axis] / x.size, "float32")
    x, gy, *draw = map(
        ops.convert_to_tensor, (x, case["gy"], mask == 0, mask.max(), weights)
    )
    assert_close(drop_deviations(x, *draw, axis=axis), case["y"])
    assert_close(deviations_gradient(gy, *draw, axis=axis), case["gx"])


def factors(x, y):
    """The layer's mask, from what it did: 0 or 1 / (1 - rate) everywhere."""
    center = x.mean(axis=tuple(range(x.ndim - 1)), keepdims=True)
    mask = (y - center) / (x - center)
    is_dropped = np.abs(mask) < 0.1
    expected = np.where(is_dropped, 0.0, 1 / (1 - RATE)).astype("float32")
    np.testing.assert_allclose(mask, expected, atol=2e-2)
    return expected


@pytest.mark.parametrize("spatial", [False, True])
def test_agrees_with_the_function_and_drops_its_share(spatial):
    x = np.random.default_rng(0).normal(3.0, 1.0, (60, 5, 40)).astype("float32")
    x += np.where(np.abs(x - x.mean((0, 1))) < 0.05, 0.2, 0.0)  # none at its mean
    y = to_numpy(CenteredDropout(RATE, spatial=spatial, seed=1)(x, training=True))
    mask = factors(x, y)
    assert_close(centered_dropout(x, mask), y)
    is_dropped = mask == 0
    if spatial:
        assert (is_dropped == is_dropped[:, :1]).all()
        is_dropped = is_dropped[:, 0]
    else:
        assert (is_dropped != is_dropped[:, :1]).any()
    error = np.sqrt(RATE * (1 - RATE) / is_dropped.size)
    assert_within_standard_errors(is_dropped.mean(), error, RATE)


def test_mean_and_variance():
    # Every feature is a draw of its own: deviations of -1 and 1 from a mean of 5.
    x = np.repeat([[4.0], [6.0]], 100_000, axis=1).astype("float32")
    noise = to_numpy(CenteredDropout(RATE, seed=2)(x, training=True)) - x
    noise = noise.astype("float64")
    root = np.sqrt(noise.shape[1])
    assert_within_standard_errors(noise.mean(1), noise.std(1) / root, 0.0)
    squares = noise**2
    variance = RATE / (1 - RATE)
    assert_within_standard_errors(squares.mean(1), squares.std(1) / root, variance)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_gradient_is_the_adjoint_through_the_centre(axis, spatial, masked):
    # The layer is affine: its derivative is what a finite step does, exactly.
    rng = np.random.default_rng(0)
    x, step, gy = rng.normal(size=(3, 4, 5, 6)).astype("float32")
    mask = rng.uniform(size=4) < 0.6 if masked else None

    def output(x):
        layer = CenteredDropout(RATE, spatial=spatial, axis=axis, seed=3)
        return layer(x, training=True, mask=mask)

    gx = gradient(lambda x: dot(output(x), gy), x)[0]
    difference = to_numpy(output(x + step)) - to_numpy(output(x))
    assert np.sum(gx * step) == pytest.approx(np.sum(difference * gy), rel=1e-4)
    unit = np.zeros_like(x)
    unit[1, 2, 3] = 1.0
    column = to_numpy(output(x + unit)) - to_numpy(output(x))
    assert gx[1, 2, 3] == pytest.approx(np.sum(column * gy), abs=1e-4)


def test_masked_steps_stay_out_of_the_centre():
    x = np.random.default_rng(0).normal(size=(3, 6, 8)).astype("float32")
    mask = np.ones((3, 6), bool)
    mask[0, 2:] = mask[2, 5:] = False

    def valid(padding):
        data = np.where(mask[..., None], x, padding).astype("float32")
        y = CenteredDropout(RATE, seed=1)(data, training=True, mask=mask)
        return to_numpy(y)[mask]

    assert_close(valid(1e4), valid(0.0))
    assert_close(valid(np.nan), valid(0.0))


def test_a_mask_of_the_feature_axis():
    layer = CenteredDropout(RATE, axis=1)
    with pytest.raises(ValueError, match=r"mask must be of the axes before"):
        layer(np.ones((2, 4, 6), "float32"), training=True, mask=np.ones((2, 4), bool))


@pytest.mark.parametrize(("shape", "axis"), [((5,), -1), ((5, 3), 0), ((5, 3), 2)])
def test_bad_axis(shape, axis):
    with pytest.raises(ValueError, match=r"not the batch axis.*axis="):
        CenteredDropout(RATE, axis=axis)(np.ones(shape, "float32"))
