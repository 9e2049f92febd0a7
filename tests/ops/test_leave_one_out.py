import numpy as np
import pytest

from keras_regnoise.ops import leave_one_out_moments
from tests.helpers import assert_close


@pytest.mark.parametrize("axis", [-1, 1])
def test_moments_of_the_others(axis):
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 1.0, (4, 5, 3)).astype("float32")
    mask = rng.uniform(size=(4, 5, 1)) < 0.7
    moments = leave_one_out_moments(
        np.moveaxis(x, -1, axis), np.moveaxis(mask, -1, axis), axis
    )
    moments = [np.moveaxis(np.asarray(m), axis, -1) for m in moments]
    count, mean, variance, total_count, total_mean, total_variance = moments
    for i in range(4):
        others = np.arange(4) != i
        values = x[others][mask[others][..., 0]]
        assert count[i].item() == len(values)
        assert_close(mean[i, 0], values.mean(0))
        assert_close(variance[i, 0], values.var(0), 1e-4)
    values = x[mask[..., 0]]
    assert total_count.item() == len(values)
    assert_close(total_mean[0, 0], values.mean(0))
    assert_close(total_variance[0, 0], values.var(0), 1e-4)


@pytest.mark.parametrize("batch", [0, 1])
def test_nothing_counts(batch):
    moments = leave_one_out_moments(np.ones((batch, 3), "float32"))
    assert (np.asarray(moments.count) == 0).all()
    assert (np.asarray(moments.variance) == 0).all()
    assert np.isfinite(np.asarray(moments.mean)).all()
