from itertools import pairwise

import numpy as np
import pytest
from keras import ops
from scipy import integrate, stats

from keras_regnoise.ops import sample_tangents
from keras_regnoise.ops.tangents import ANGLES, _angle_scale
from tests.helpers import assert_within_standard_errors, to_numpy


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5])
def test_mean_and_mean_square(angles, rate):
    t = to_numpy(sample_tangents((400_000,), rate, angles, seed=1)).astype("float64")
    root = np.sqrt(t.size)
    assert_within_standard_errors(t.mean(), t.std() / root, 0.0)
    square = t * t
    expected = rate / (1 - rate)
    assert_within_standard_errors(square.mean(), square.std() / root, expected)


@pytest.mark.parametrize(
    ("rate", "limit"),
    [(0.1, 0.54228089), (0.2, 0.75930769), (0.3, 0.92078683), (0.5, 1.16556119)],
)
def test_uniform_law(rate, limit):
    # tan(T) / T = 1 / (1 - rate), limits by independent root finding.
    assert float(_angle_scale(rate, "uniform")) == pytest.approx(limit, abs=1e-6)
    angle = np.arctan(to_numpy(sample_tangents((50_000,), rate, "uniform", seed=2)))
    distribution = stats.uniform(-limit, 2 * limit)
    assert stats.kstest(angle, distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9, 0.99])
def test_truncated_gaussian_law(rate):
    scale = float(_angle_scale(rate, "truncated_gaussian"))
    # Near the end of the last interval the integrand is all but singular.
    edges = [0.0, 1.0, 1.9, 1.99, 1.999, 1.9999, 2.0]
    integral = sum(
        integrate.quad(lambda z: np.tan(scale * z) ** 2 * stats.norm.pdf(z), *limits)[0]
        for limits in pairwise(edges)
    )
    mean_square = integral / (stats.norm.cdf(2) - 0.5)
    # A float32 scale near its limit pi / 4 leaves the last digits undetermined.
    assert mean_square == pytest.approx(rate / (1 - rate), rel=1e-3)
    angle = np.arctan(
        to_numpy(sample_tangents((50_000,), rate, "truncated_gaussian", seed=2))
    )
    distribution = stats.truncnorm(-2, 2, scale=scale)
    assert stats.kstest(angle, distribution.cdf).pvalue > 1e-3


def test_gaussian_law():
    t = to_numpy(sample_tangents((50_000,), 0.3, "gaussian", seed=2))
    distribution = stats.norm(scale=np.sqrt(0.3 / 0.7))
    assert stats.kstest(t, distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("angles", ANGLES)
def test_one_sided_is_the_absolute_value(angles):
    two_sided = to_numpy(sample_tangents((1000,), 0.3, angles, seed=1))
    one_sided = to_numpy(sample_tangents((1000,), 0.3, angles, seed=1, one_sided=True))
    assert (one_sided == np.abs(two_sided)).all()
    assert (two_sided < 0).any()


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.3, 0.999])
def test_finite_for_every_rate_and_equal_for_a_tensor(angles, rate):
    t = to_numpy(sample_tangents((10_000,), rate, angles, seed=1))
    assert np.isfinite(t).all()
    assert rate > 0 or (t == 0).all()
    tensor = ops.convert_to_tensor(rate, dtype="float32")
    assert (to_numpy(sample_tangents((10_000,), tensor, angles, seed=1)) == t).all()


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize(
    "rate", [-0.1, 1.0, 1.5, float("nan"), np.float32(1.5), np.array(2.0), "0.1", None]
)
def test_bad_rate(angles, rate):
    with pytest.raises(ValueError, match=r"float in \[0, 1\).*Received: rate="):
        sample_tangents((2,), rate, angles, seed=1)


def test_unknown_law():
    with pytest.raises(
        ValueError, match=r"'truncated_gaussian'\. Received: angles='no'"
    ):
        sample_tangents((2,), 0.1, "no", seed=1)
