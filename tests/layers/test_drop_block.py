import itertools

import keras
import numpy as np
import pytest

from keras_regnoise import DropBlock
from tests.helpers import (
    assert_close,
    assert_within_standard_errors,
    dot,
    gradient,
    to_numpy,
)

RATE = 0.25


def dropped(shape, **options):
    """Where a map of ones is dropped, and the output."""
    layer = DropBlock(**{"rate": RATE, "seed": 1, **options})
    y = to_numpy(layer(np.ones(shape, "float32"), training=True))
    return y == 0, y


@pytest.mark.parametrize("block_size", [1, 2, 3, 5])
@pytest.mark.parametrize("sizes", [(11,), (7, 6), (4, 5, 4)])
def test_expected_share_is_the_rate(sizes, block_size):
    is_dropped, _ = dropped((4000, *sizes, 1), block_size=block_size)
    shares = is_dropped.reshape(len(is_dropped), -1).mean(axis=1)
    error = shares.std() / np.sqrt(len(shares))
    assert_within_standard_errors(shares.mean(), error, RATE)


@pytest.mark.parametrize("block_size", [2, 3])
@pytest.mark.parametrize("sizes", [(9,), (7, 6), (4, 5, 4)])
def test_what_is_dropped_is_a_union_of_whole_blocks(sizes, block_size):
    is_dropped, _ = dropped((50, *sizes, 1), block_size=block_size)
    assert 0 < is_dropped.mean() < 1
    covered = np.zeros_like(is_dropped)
    starts = [range(size - block_size + 1) for size in sizes]
    for start in itertools.product(*starts):
        window = (slice(None), *(slice(i, i + block_size) for i in start))
        axes = tuple(range(1, len(sizes) + 2))
        is_block = is_dropped[window].all(axis=axes, keepdims=True)
        covered[window] |= is_block
    assert (covered == is_dropped).all()


@pytest.mark.parametrize("sizes", [(3,), (3, 2), (2, 3, 2)])
def test_a_block_larger_than_the_map_drops_whole_samples(sizes):
    is_dropped, _ = dropped((4000, *sizes, 1), block_size=7)
    per_sample = is_dropped.reshape(len(is_dropped), -1)
    assert (per_sample == per_sample[:, :1]).all()
    error = np.sqrt(RATE * (1 - RATE) / len(per_sample))
    assert_within_standard_errors(per_sample[:, 0].mean(), error, RATE)


def test_a_batch_that_is_dropped_altogether_is_zero():
    layer = DropBlock(0.9, block_size=9, seed=1)
    outputs = [
        to_numpy(layer(np.ones((1, 4, 4, 2), "float32"), training=True))
        for _ in range(20)
    ]
    assert {float(y.mean()) for y in outputs} == {0.0, 1.0}


@pytest.mark.parametrize("per_channel", [False, True])
def test_channels_and_formats(per_channel):
    options = {"block_size": 3, "per_channel": per_channel}
    last, y = dropped((40, 6, 7, 5), **options)
    assert (last == last[..., :1]).all() == (not per_channel)
    first, _ = dropped((40, 5, 6, 7), data_format="channels_first", **options)
    assert (np.moveaxis(first, 1, -1) == last).all()
    # The sum stays, by the kept share of the whole batch (equation in algorithm 1).
    np.testing.assert_allclose(y[~last], last.size / (~last).sum(), rtol=1e-5)


def test_samples_are_drawn_apart():
    is_dropped, _ = dropped((4000, 6, 6, 1), block_size=2)
    deviation = is_dropped.reshape(4000, -1) - is_dropped.mean(0).ravel()
    products = np.mean(deviation[:-1] * deviation[1:], axis=1)
    error = products.std() / np.sqrt(len(products))
    assert_within_standard_errors(products.mean(), error, 0.0)


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.9])
def test_a_scheduled_rate_drops_what_a_fixed_one_does(rate):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [rate, 0.0])
    shape = (100, 6, 7, 1)
    fixed, _ = dropped(shape, rate=rate, block_size=3)
    scheduled, _ = dropped(shape, rate=schedule, block_size=3)
    # The start probability is rounded to float32 there: a draw may fall in between.
    assert (fixed != scheduled).mean() < 0.01


def test_gradient():
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 8, 6, 6, 3)).astype("float32")

    def output(x):
        return DropBlock(RATE, block_size=3, seed=3)(x, training=True)

    factor = to_numpy(output(x)) / x
    assert_close(gradient(lambda x: dot(output(x), gy), x)[0], gy * factor)


@pytest.mark.parametrize("block_size", [0, -1, 2.5, "3", None, True])
def test_bad_block_size(block_size):
    with pytest.raises(ValueError, match=r"integer of 1 or more.*block_size="):
        DropBlock(RATE, block_size=block_size)


@pytest.mark.parametrize("shape", [(4, 3), (2, 2, 2, 2, 2, 2)])
def test_bad_rank(shape):
    with pytest.raises(ValueError, match=r"needs positions.*Received: input_shape="):
        DropBlock(RATE)(np.ones(shape, "float32"))


def test_bad_data_format():
    with pytest.raises(ValueError, match=r"`data_format` must be one of"):
        DropBlock(RATE, data_format="NHWC")
