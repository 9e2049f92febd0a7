import numpy as np
import pytest
from keras import ops

from keras_regnoise.ops import variance_constancy_loss
from tests.helpers import assert_close, golden, gradient, to_numpy


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_matches_the_authors_code(data_format):
    case = golden("vcl_n12_s2")
    if data_format == "channels_last":
        for name in ("x", "dx"):
            case[name] = np.moveaxis(case[name], 1, -1)
        for name in ("beta", "dbeta"):
            case[name] = np.moveaxis(case[name], 0, -1)

    def loss(x, beta):
        return variance_constancy_loss(x, beta, sample_size=2)

    value = to_numpy(loss(case["x"], case["beta"]))
    assert value == pytest.approx(float(case["loss"]), rel=1e-5)
    dx, dbeta = gradient(loss, case["x"], case["beta"])
    assert_close(dx, case["dx"])
    assert_close(dbeta, case["dbeta"])


@pytest.mark.parametrize("sample_size", [2, 3, 7])
def test_equation_17_in_numpy(sample_size):
    x = np.random.default_rng(0).normal(size=(16, 3, 4)).astype("float32")
    first = x[:sample_size].var(axis=0, ddof=1)
    second = x[sample_size : 2 * sample_size].var(axis=0, ddof=1)
    expected = np.mean((1 - first / (second + 0.7)) ** 2)
    value = to_numpy(variance_constancy_loss(x, 0.7, sample_size))
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 5])
def test_small_batch_gives_zero_with_a_zero_gradient(batch):
    x = np.random.default_rng(0).normal(size=(batch, 5)).astype("float32")
    beta = np.ones(5, "float32")

    def loss(x, beta):
        return variance_constancy_loss(x, beta, sample_size=3)

    assert float(loss(x, beta)) == 0.0
    dx, dbeta = gradient(loss, x, beta)
    assert (dx == 0).all()
    assert (dbeta == 0).all()


def test_constant_units_are_finite():
    x = np.ones((4, 3), "float32")
    assert float(variance_constancy_loss(x, 1e-3)) == pytest.approx(1.0)
    x[0] = 2.0
    assert np.isfinite(float(variance_constancy_loss(x, 1e-3)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_float32_inside(dtype):
    # 300 squared overflows float16; the rounded input decides, not the arithmetic.
    x = ops.cast(300.0 + 40.0 * np.random.default_rng(0).normal(size=(8, 6)), dtype)
    expected = variance_constancy_loss(ops.cast(x, "float32"), 1.0)
    value = variance_constancy_loss(x, 1.0)
    assert np.isfinite(float(value))
    assert float(value) == float(expected)


def test_masked_steps_do_not_count():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4, 3)).astype("float32")
    mask = np.ones((6, 4), bool)
    mask[:, 3] = False
    full = variance_constancy_loss(x[:, :3], 1.0, 3)
    assert float(variance_constancy_loss(x, 1.0, 3, mask)) == pytest.approx(
        float(full), rel=1e-6
    )
    # Step 2 has two valid values among the first three samples: their variance.
    mask[1, 2] = False
    a = x[:3].var(axis=0, ddof=1)
    a[2] = x[[0, 2], 2].var(axis=0, ddof=1)
    b = x[3:].var(axis=0, ddof=1)
    expected = np.mean((1 - a / (b + 1)) ** 2, where=[[True]] * 3 + [[False]])
    value = float(variance_constancy_loss(x, 1.0, 3, mask))
    assert value == pytest.approx(expected, rel=1e-5)
    assert float(variance_constancy_loss(x, 1.0, 3, np.zeros((6, 4), bool))) == 0.0


@pytest.mark.parametrize("sample_size", [1, 0, -2, 2.0, "2", True])
def test_bad_sample_size(sample_size):
    with pytest.raises(
        ValueError, match=r"integer of 2 or more.*Received: sample_size"
    ):
        variance_constancy_loss(np.ones((8, 2)), 1.0, sample_size)


@pytest.mark.parametrize("beta", [0, -1.0, np.float32(-0.5), np.array(0.0)])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match=r"a positive float.*Received: beta="):
        variance_constancy_loss(np.ones((8, 2)), beta)
