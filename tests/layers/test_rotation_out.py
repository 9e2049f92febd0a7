import numpy as np
import pytest
from keras import ops

from keras_regnoise import RotationOut
from keras_regnoise.ops.tangents import ANGLES
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    outputs_of_calls,
    to_numpy,
)

RATE = 0.3


def lemma_1(x):
    """Covariance of the noise of one fixed vector."""
    variance = RATE / (1 - RATE)
    return variance / (x.size - 1) * (x @ x * np.eye(x.size) - np.outer(x, x))


def draws(x, permutation, angles):
    """Noise of 100,000 draws: (independent groups, draws of the group, D)."""
    layer = RotationOut(RATE, angles, center=False, permutation=permutation, seed=7)
    # One pairing per call leaves the vectors of a call dependent: the call counts.
    calls, batch = (1000, 100) if permutation == "batch" else (1, 100_000)
    batch_of_x = np.broadcast_to(x, (batch, x.size))
    noise = (outputs_of_calls(layer, batch_of_x, calls) - x).astype("float64")
    return noise if permutation == "batch" else noise.reshape(-1, 1, x.size)


@pytest.mark.parametrize("dim", [16, 15])
@pytest.mark.parametrize("permutation", ["batch", "sample"])
@pytest.mark.parametrize("angles", ANGLES)
def test_lemma_1(dim, permutation, angles):
    x = np.random.default_rng(dim).normal(1.0, 1.0, dim).astype("float32")
    noise = draws(x, permutation, angles)
    root = np.sqrt(len(noise))

    means = noise.mean(axis=1)
    assert_within_standard_errors(means.mean(0), means.std(0) / root, 0.0)
    products = np.einsum("cni,cnj->cij", noise, noise) / noise.shape[1]
    assert_within_standard_errors(
        products.mean(0), products.std(0) / root, lemma_1(x.astype("float64"))
    )


@pytest.mark.parametrize("permutation", ["batch", "sample"])
def test_gradient_is_the_adjoint_through_the_centre(permutation):
    # The layer is affine: its derivative is what a finite step does, exactly.
    rng = np.random.default_rng(0)
    x, step, gy = rng.normal(size=(3, 4, 5, 6)).astype("float32")

    def output(x):
        return RotationOut(RATE, permutation=permutation, seed=3)(x, training=True)

    gx = gradient(lambda x: dot(output(x), gy), x)[0]
    difference = to_numpy(output(x + step)) - to_numpy(output(x))
    assert np.sum(gx * step) == pytest.approx(np.sum(difference * gy), rel=1e-4)
    # And per entry of one row of the Jacobian, by unit steps.
    unit = np.zeros_like(x)
    unit[1, 2, 3] = 1.0
    column = to_numpy(output(x + unit)) - to_numpy(output(x))
    assert gx[1, 2, 3] == pytest.approx(np.sum(column * gy), abs=1e-4)


def test_centre_is_left_where_it_is():
    x = np.random.default_rng(0).normal(5.0, 0.1, (64, 10, 8)).astype("float32")
    centred = to_numpy(RotationOut(RATE, seed=1)(x, training=True)) - x
    uncentred = to_numpy(RotationOut(RATE, center=False, seed=1)(x, training=True)) - x
    assert np.abs(centred).mean() < 0.1
    assert np.abs(uncentred).mean() > 1.0
    # A vector at the centre does not move, however it is turned.
    constant = np.full((4, 8), 3.0, "float32")
    assert_close(RotationOut(RATE, seed=1)(constant, training=True), constant, 1e-6)


def test_masked_steps_stay_out_of_the_centre():
    x = np.random.default_rng(0).normal(size=(3, 6, 8)).astype("float32")
    mask = np.ones((3, 6), bool)
    mask[0, 2:] = mask[2, 5:] = False
    polluted = np.where(mask[..., None], x, 1e4).astype("float32")

    def valid(x, mask):
        y = RotationOut(RATE, seed=1)(
            x, training=True, mask=ops.convert_to_tensor(mask)
        )
        return to_numpy(y)[mask]

    assert_close(valid(polluted, mask), valid(x, mask))
    everything = np.ones_like(mask)
    unmasked = to_numpy(RotationOut(RATE, seed=1)(x, training=True))
    assert_close(valid(x, everything), unmasked[everything])
    nothing = RotationOut(RATE, seed=1)(x, training=True, mask=~everything)
    assert np.isfinite(to_numpy(nothing)).all()


def test_masked_padding_may_be_nan():
    x = np.random.default_rng(0).normal(size=(3, 6, 8)).astype("float32")
    mask = np.ones((3, 6), bool)
    mask[:, 4:] = False
    padded = np.where(mask[..., None], x, np.nan).astype("float32")
    y = to_numpy(RotationOut(RATE, seed=1)(padded, training=True, mask=mask))
    assert np.isfinite(y[mask]).all()


def test_a_mask_of_the_feature_axis():
    layer = RotationOut(RATE, axis=1)
    with pytest.raises(ValueError, match=r"mask must be of the axes before"):
        layer(np.ones((2, 4, 6), "float32"), training=True, mask=np.ones((2, 4), bool))


def test_gradient_with_a_mask():
    rng = np.random.default_rng(0)
    x, step, gy = rng.normal(size=(3, 4, 5, 6)).astype("float32")
    mask = rng.uniform(size=(4, 5)) < 0.6

    def output(x):
        return RotationOut(RATE, seed=3)(x, training=True, mask=mask)

    gx = gradient(lambda x: dot(output(x), gy), x)[0]
    difference = to_numpy(output(x + step)) - to_numpy(output(x))
    assert np.sum(gx * step) == pytest.approx(np.sum(difference * gy), rel=1e-4)


def test_pairings_of_a_batch():
    x = np.random.default_rng(0).normal(size=(50, 8)).astype("float32")

    def directions(permutation):
        layer = RotationOut(RATE, center=False, permutation=permutation, seed=1)
        noise = to_numpy(layer(x, training=True)) - x
        # |noise_i / noise_j| = |x_j / x_i| tells i's partner j.
        ratio = np.abs(noise[:, :1] * x[:, :1]) - np.abs(noise * x)
        ratio[:, 0] = np.inf
        return np.argmin(np.abs(ratio), axis=1)

    assert len(set(directions("batch"))) == 1
    assert len(set(directions("sample"))) == 7


def test_one_feature_is_the_identity():
    x = np.random.default_rng(0).normal(size=(9, 1)).astype("float32")
    assert (to_numpy(RotationOut(0.5)(x, training=True)) == x).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"angles": "cauchy"}, "`angles` must be one of 'gaussian'.*angles='cauchy'"),
        ({"permutation": None}, "'batch', 'sample'. Received: permutation=None"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        RotationOut(RATE, **options)


@pytest.mark.parametrize("axis", ["1", None, 1.0, [1], True])
def test_axis_that_is_no_integer(axis):
    with pytest.raises(ValueError, match=r"`axis` must be an integer.*axis="):
        RotationOut(RATE, axis=axis)


def test_numpy_numbers_are_numbers():
    layer = RotationOut(np.float32(0.25), axis=np.int64(-1), seed=np.int64(3))
    assert layer.get_config()["axis"] == -1
    copy = RotationOut.from_config(layer.get_config())
    x = np.ones((4, 6), "float32") * np.arange(6, dtype="float32")
    assert_close(copy(x, training=True), to_numpy(layer(x, training=True)))


@pytest.mark.parametrize(("shape", "axis"), [((5,), -1), ((5, 3), 0), ((5, 3), 2)])
def test_bad_axis(shape, axis):
    with pytest.raises(ValueError, match=r"not the batch axis.*axis="):
        RotationOut(RATE, axis=axis)(np.ones(shape, "float32"))
