import numpy as np
import pytest

from keras_regnoise import SpatialRotationOut
from keras_regnoise.ops.tangents import ANGLES
from tests.helpers import (
    assert_within_standard_errors,
    dot,
    gradient,
    outputs_of_calls,
    to_numpy,
)

RATE = 0.3


def features(shape, seed=0):
    x = np.random.default_rng(seed).normal(size=shape)
    # Away from 0, so that the noise of a feature tells its tangent.
    return (x + np.sign(x)).astype("float32")


def tangents(x, **options):
    """Signed tangents and the pairing that the layer used, read off its output."""
    layer = SpatialRotationOut(RATE, center=False, seed=1, **options)
    noise = to_numpy(layer(x, training=True)).astype("float64") - x
    flat, flat_noise = x.reshape(-1, x.shape[-1]), noise.reshape(-1, x.shape[-1])
    # noise_i = t * s_i * x_j for i's partner j: |noise_i * x_i| = |noise_j * x_j|.
    product = np.abs(flat_noise * flat)
    gap = np.abs(product[:, :, None] - product[:, None, :]).sum(axis=0)
    np.fill_diagonal(gap, np.inf)
    partner = gap.argmin(axis=1)
    assert (partner[partner] == np.arange(len(partner))).all()
    ratio = noise / x[..., partner]
    return ratio, partner


@pytest.mark.parametrize("shape", [(6, 9, 8), (6, 5, 4, 8), (6, 3, 4, 2, 8)])
def test_positions_share_pairing_and_sign_and_differ_in_angle(shape):
    ratio, partner = tangents(features(shape))
    assert (ratio * ratio[..., partner] < 0).all()  # opposite within a pair
    t = ratio[..., 0].reshape(len(ratio), -1)
    np.testing.assert_allclose(np.abs(ratio).std(axis=-1), 0.0, atol=1e-4)
    assert (np.sign(t) == np.sign(t[:, :1])).all()
    assert (np.abs(t).std(axis=1) > 0.01).all()
    assert len(set(np.sign(t[:, 0]))) == 2  # the sign is the sample's own


def test_shared_angle():
    ratio, _ = tangents(features((6, 5, 4, 8)), shared_angle=True)
    t = ratio[..., 0].reshape(6, -1)
    np.testing.assert_allclose(t, np.broadcast_to(t[:, :1], t.shape), atol=1e-4)
    assert np.abs(t[:, 0]).std() > 0.01


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize("shared_angle", [False, True])
def test_mean_square_of_the_tangents(angles, shared_angle):
    x = np.ones((20_000, 1, 2), "float32")
    layer = SpatialRotationOut(
        RATE, angles, center=False, shared_angle=shared_angle, seed=2
    )
    t = (to_numpy(layer(x, training=True)) - x)[:, 0, 0].astype("float64")
    root = np.sqrt(len(t))
    assert_within_standard_errors(t.mean(), t.std() / root, 0.0)
    square = t * t
    assert_within_standard_errors(square.mean(), square.std() / root, RATE / (1 - RATE))


def test_noise_of_different_samples_is_uncorrelated():
    # With one-sided tangents throughout, this correlation would be near 0.75.
    layer = SpatialRotationOut(RATE, "uniform", center=False, seed=4)
    x = np.ones((2, 1, 2), "float32")
    noise = outputs_of_calls(layer, x, 1000) - x
    first, second = noise[:, 0, 0, 0], noise[:, 1, 0, 0]
    correlation = np.corrcoef(first, second)[0, 1]
    assert_within_standard_errors(correlation, 1 / np.sqrt(len(first)), 0.0)


def test_channels_first_is_channels_last_transposed():
    x = features((3, 5, 4, 8))
    last = SpatialRotationOut(RATE, data_format="channels_last", seed=1)
    first = SpatialRotationOut(RATE, data_format="channels_first", seed=1)
    y = to_numpy(first(np.moveaxis(x, -1, 1), training=True))
    expected = to_numpy(last(x, training=True))
    np.testing.assert_allclose(np.moveaxis(y, 1, -1), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "block_size", "fraction"),
    [
        ((20,), 4, 0.1),
        ((14, 14), 7, 0.1),
        ((14, 14), 3, 0.5),
        ((9, 12), 4, 0.9),
        ((6, 7, 5), 2, 0.3),
        ((8, 8), 1, 0.1),
    ],
)
def test_blocks_cover_their_fraction_and_leave_the_rest(size, block_size, fraction):
    x = features((2000, *size, 4))
    x[0, ..., 0] = -0.0  # a sign that x + 0 would lose
    layer = SpatialRotationOut(
        RATE, block_size=block_size, block_fraction=fraction, seed=3
    )
    y = to_numpy(layer(x, training=True))
    changed = (x.view("int32") != y.view("int32")).any(axis=-1)
    per_sample = changed.reshape(len(x), -1).mean(axis=1)
    assert per_sample.mean() == pytest.approx(fraction, rel=0.1)
    assert_within_standard_errors(
        per_sample.mean(), per_sample.std() / np.sqrt(len(x)), fraction
    )


def test_blocks_are_contiguous():
    x = features((200, 10, 10, 4))
    layer = SpatialRotationOut(RATE, block_size=3, block_fraction=0.05, seed=3)
    changed = (to_numpy(layer(x, training=True)) != x).any(axis=-1)
    assert changed.any()
    for image in changed:
        covered = np.zeros_like(image)
        for i in range(8):
            for j in range(8):
                if image[i : i + 3, j : j + 3].all():
                    covered[i : i + 3, j : j + 3] = True
        assert (covered == image).all()


@pytest.mark.parametrize("size", [(3, 3), (3, 12)])
def test_a_block_larger_than_the_map_covers_it(size):
    x = features((600, *size, 4))
    layer = SpatialRotationOut(RATE, block_size=5, block_fraction=0.3, seed=3)
    y = to_numpy(layer(x, training=True))
    assert np.isfinite(y).all()
    changed = (x != y).any(axis=-1)
    assert (changed == changed[:, :1]).all()  # the short axis as a whole
    per_sample = changed.reshape(len(x), -1).mean(axis=1)
    assert_within_standard_errors(
        per_sample.mean(), per_sample.std() / np.sqrt(len(x)), 0.3
    )


def test_gradient_with_blocks_is_the_adjoint():
    rng = np.random.default_rng(0)
    x, step, gy = rng.normal(size=(3, 4, 6, 5, 6)).astype("float32")

    def output(x):
        layer = SpatialRotationOut(RATE, block_size=2, block_fraction=0.4, seed=3)
        return layer(x, training=True)

    gx = gradient(lambda x: dot(output(x), gy), x)[0]
    difference = to_numpy(output(x + step)) - to_numpy(output(x))
    assert np.sum(gx * step) == pytest.approx(np.sum(difference * gy), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"block_size": 0},
            r"`block_size` must be an integer.*None.*Received: block_size=0",
        ),
        ({"block_size": 2.5}, r"Received: block_size=2.5"),
        ({"block_fraction": 0.0}, r"in \(0, 1\).*Received: block_fraction=0.0"),
        ({"block_fraction": 1.0}, r"Received: block_fraction=1.0"),
        ({"block_fraction": "all"}, r"Received: block_fraction='all'"),
        ({"data_format": "NHWC"}, r"'channels_first'. Received: data_format='NHWC'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        SpatialRotationOut(RATE, **options)


@pytest.mark.parametrize("shape", [(4, 8), (4, 2, 2, 2, 2, 8)])
def test_bad_rank(shape):
    with pytest.raises(ValueError, match=r"rank 3.*RotationOut"):
        SpatialRotationOut(RATE)(np.ones(shape, "float32"))
