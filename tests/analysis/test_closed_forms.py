import itertools
import math

import numpy as np
import pytest

from keras_regnoise import analysis
from keras_regnoise.analysis._moments import Covariance, FourthMoments, Variance
from tests.helpers import assert_within_standard_errors

RANDOM = np.random.default_rng


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-1.0, 1.0], 1.0),  # two equally likely values: the minimum
        ([0.0] * 9 + [1.0], 10.0 - 1.0 + 1.0 / 9.0 - 1.0),
        ([1.0, 2.0, 3.0, 6.0], 2.0),
    ],
)
def test_kurtosis_of_known_laws(values, expected):
    found = analysis.kurtosis(np.array(values)[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_kurtosis_of_a_gaussian_and_of_a_constant():
    x = RANDOM(0).normal(5.0, 2.0, size=(100_000, 2))
    x[:, 1] = 4.0
    found = analysis.kurtosis(x)
    assert_within_standard_errors(found[0], math.sqrt(24 / len(x)), 3.0)
    assert np.isnan(found[1])


@pytest.mark.parametrize("rows", [49, 50, 64, 103])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_does_not_vary_has_no_kurtosis_and_varies_with_nothing(rows, dtype):
    """The mean of equal numbers may be off by a bit."""
    x = np.full((rows, 3), [0.1, 0.7, 1.0], dtype)
    assert np.isnan(analysis.kurtosis(x)).all()
    np.testing.assert_array_equal(analysis.correlation(x), np.eye(3))
    assert analysis.coadaptation(x) == 0.0
    moments, covariance = FourthMoments(), Covariance()
    for batch in (x, x, x[:7]):
        moments.update(batch)
        covariance.update(batch)
    assert np.isnan(moments.kurtosis).all()
    assert not covariance.covariance.any()


def test_what_is_not_a_number_is_no_constant():
    x = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    assert np.isnan(analysis.kurtosis(x)[0])
    assert np.isnan(analysis.coadaptation(x))
    assert np.isnan(analysis.correlation(x)[0, 1])


def test_moments_of_a_stream_are_those_of_all_of_it():
    # Far from 0 and in batches of many sizes, where naive sums fail.
    x = 1e4 + RANDOM(0).gamma(2.0, size=(1000, 3))
    parts = np.split(x, [1, 2, 10, 500, 990])
    fourth, covariance, variance = FourthMoments(), Covariance(), Variance()
    for part in parts:
        fourth.update(part)
        covariance.update(part)
        variance.merge(len(part), part.mean(axis=0), part.var(axis=0))
    centred = x - x.mean(axis=0)
    expected = (centred**4).mean(axis=0) / (centred**2).mean(axis=0) ** 2
    np.testing.assert_allclose(fourth.kurtosis, expected, rtol=1e-8)
    np.testing.assert_allclose(covariance.covariance, np.cov(x.T, bias=True), rtol=1e-8)
    np.testing.assert_allclose(variance.variance, x.var(axis=0), rtol=1e-8)
    np.testing.assert_allclose(variance.mean, x.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_mutual_information_of_a_gaussian(correlation):
    pytest.importorskip("sklearn")
    random = RANDOM(0)
    estimates = []
    for _ in range(10):
        x, noise = random.normal(size=(2, 1000))
        y = correlation * x + math.sqrt(1 - correlation**2) * noise
        estimates.append(analysis.mutual_information(x, y))
    # The estimator is clipped at 0 and so a little above it there.
    error = np.std(estimates, ddof=1) / math.sqrt(10) + 0.005
    expected = -0.5 * math.log(1 - correlation**2)
    assert_within_standard_errors(np.mean(estimates), error, expected)


def test_noise_reduces_mutual_information():
    # The IC layer's theorem, for multiplicative noise without mass at 0 in the input:
    # of I nats, (1 - rate)^2 I are left. Binned, so that the zeros are one value.
    random = RANDOM(0)
    x = random.choice([-1.0, 1.0], size=200_000)
    y = np.where(random.random(len(x)) < 0.9, x, -x)
    kept = random.random((2, len(x))) < 0.7

    def information(a, b):
        joint = np.array(
            [[np.mean((a == i) & (b == j)) for j in (-1, 0, 1)] for i in (-1, 0, 1)]
        )
        joint = joint[joint.sum(1) > 0][:, joint.sum(0) > 0]
        independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        return np.sum(joint * np.log(joint / independent))

    ratio = information(x * kept[0], y * kept[1]) / information(x, y)
    assert_within_standard_errors(ratio, 0.004, 0.49)


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_drop_activation_shift_ratio_against_monte_carlo(rate):
    random, groups = RANDOM(0), 20
    weights = random.normal(size=8)
    x = random.normal(size=(groups, 20_000, 8))
    relu = np.maximum(x, 0)
    is_linear = random.random(x.shape) < rate
    training = (np.where(is_linear, x, relu) @ weights).var(axis=1)
    inference = ((rate * x + (1 - rate) * relu) @ weights).var(axis=1)
    ratios = inference / training
    error = ratios.std(ddof=1) / math.sqrt(groups)
    expected = analysis.drop_activation_shift_ratio(rate)
    assert_within_standard_errors(ratios.mean(), error, expected)


def test_drop_activation_shift_ratio_at_known_rates():
    assert analysis.drop_activation_shift_ratio(0.0) == pytest.approx(1.0)
    assert analysis.drop_activation_shift_ratio(0.3) == pytest.approx(
        0.816438, abs=1e-6
    )
    ratios = [analysis.drop_activation_shift_ratio(r / 1e4) for r in range(10_000)]
    assert min(ratios) == pytest.approx(0.812568, abs=1e-6)
    assert np.argmin(ratios) == pytest.approx(3686, abs=2)


def enumerated_excess(v, kernel, target, rate):
    """Expected squared error over all masks, less the one at inference."""
    relu = np.maximum(v, 0)
    expected = 0.0
    for mask in itertools.product((0, 1), repeat=len(v)):
        is_linear = np.array(mask, bool)
        chance = np.where(is_linear, rate, 1 - rate).prod()
        output = np.where(is_linear, v, relu) @ kernel
        expected += chance * ((output - target) ** 2).sum()
    at_inference = (rate * v + (1 - rate) * relu) @ kernel
    return expected - ((at_inference - target) ** 2).sum()


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_drop_activation_penalty_by_enumeration(rate):
    random = RANDOM(0)
    v, kernel, target = (random.normal(size=s) for s in ((5, 6), (6, 3), 3))
    expected = [enumerated_excess(row, kernel, target, rate) for row in v]
    found = analysis.drop_activation_penalty(v, kernel, rate)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    printed = analysis.printed_drop_activation_penalty(v, kernel, rate)
    assert np.abs(printed / expected - 1).max() > 0.1


def test_the_printed_penalty_can_be_zero_where_the_error_is_not():
    v, kernel = np.array([-1.0, -1.0]), np.array([[1.0], [-1.0]])
    excess = enumerated_excess(v, kernel, np.zeros(1), 0.05)
    assert excess == pytest.approx(2 * 0.05 * 0.95)
    assert analysis.drop_activation_penalty(v, kernel, 0.05) == pytest.approx(excess)
    assert analysis.printed_drop_activation_penalty(v, kernel, 0.05) == 0.0


def test_the_printed_penalty_holds_for_orthogonal_weights():
    random = RANDOM(0)
    v = random.normal(size=(5, 4))
    kernel = np.linalg.qr(random.normal(size=(6, 4)))[0].T
    np.testing.assert_allclose(
        analysis.printed_drop_activation_penalty(v, kernel, 0.3),
        analysis.drop_activation_penalty(v, kernel, 0.3),
    )


def augmented(kind, rate, x, draws, random):
    """Many noisy copies of `x`."""
    rows = np.repeat(x, draws, axis=0)
    count, dim = rows.shape
    if kind == "dropout":
        return rows * (random.random(rows.shape) >= rate) / (1 - rate)
    order = random.permuted(np.tile(np.arange(dim), (count, 1)), axis=1)
    first, second = order[:, : dim // 2], order[:, dim // 2 :]
    tangent = random.normal(size=(count, 1)) * math.sqrt(rate / (1 - rate))
    at = np.arange(count)[:, None]
    noisy = rows.copy()
    noisy[at, first] += tangent * rows[at, second]
    noisy[at, second] -= tangent * rows[at, first]
    return noisy


@pytest.mark.parametrize(
    ("kind", "solve"),
    [
        ("dropout", analysis.dropout_regression),
        ("rotationout", analysis.rotationout_regression),
    ],
)
@pytest.mark.parametrize("rate", [0.3, 0.8])
def test_regression_is_least_squares_on_noisy_inputs(kind, solve, rate):
    random, groups = RANDOM(1), 20
    x = random.normal(size=(12, 4)) + 1.0
    y = x @ [1.0, -2.0, 0.5, 0.0] + random.normal(size=12)
    found = []
    for _ in range(groups):
        noisy = augmented(kind, rate, x, 5000, random)
        found.append(np.linalg.lstsq(noisy, np.repeat(y, 5000), rcond=None)[0])
    error = np.std(found, axis=0, ddof=1) / math.sqrt(groups)
    assert_within_standard_errors(
        np.mean(found, axis=0), error, solve(x, y, rate).weights
    )


def test_regression_without_noise_and_of_several_targets():
    random = RANDOM(0)
    x, y = random.normal(size=(20, 3)), random.normal(size=(20, 2))
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    for solve in (analysis.dropout_regression, analysis.rotationout_regression):
        np.testing.assert_allclose(solve(x, y, 0.0).weights, expected)
        both = solve(x, y, 0.3).weights
        np.testing.assert_allclose(both[:, 1], solve(x, y[:, 1], 0.3).weights)


@pytest.mark.parametrize("dim", [4, 16])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.99])
def test_inputs_of_rank_one_attain_the_bound(dim, rate):
    random = RANDOM(0)
    line = np.outer(random.normal(size=8), random.normal(size=dim))
    found = analysis.rotationout_regression(line, np.ones(8), rate)
    strength = rate / (1 - rate)
    bound = max((dim - 1) / strength, strength / (dim - 1))
    assert found.bound == pytest.approx(bound)
    assert found.condition_number == pytest.approx(bound)
    others = random.normal(size=(8, dim))
    within = analysis.rotationout_regression(others, np.ones(8), rate)
    assert within.condition_number < bound


def test_dropout_regression_has_no_bound():
    x = np.diag([1.0, 1.0, 1e-4])
    found = analysis.dropout_regression(x, np.ones(3), 0.5)
    assert found.condition_number == pytest.approx(1e8)
    assert found.bound == np.inf


def mixture_kurtosis(theta, mu, sigma, p):
    """Kurtosis of projections `(features, count)` of a mixture of two Gaussians."""
    mean = p * mu[0] + (1 - p) * mu[1]
    shifts = [(m - mean) @ theta for m in mu]
    spread = np.einsum("ik,ij,jk->k", theta, sigma, theta)
    second, fourth = (
        sum(w * f(d) for w, d in zip((p, 1 - p), shifts, strict=True))
        for f in (
            lambda d: d**2 + spread,
            lambda d: d**4 + 6 * d**2 * spread + 3 * spread**2,
        )
    )
    return fourth / second**2


@pytest.mark.parametrize("p", [0.1, 0.211, 0.2115, 0.5, 0.788, 0.95])
def test_vcl_projection_has_the_least_kurtosis(p):
    mu = np.array([[1.0, 2.0], [-1.5, 0.5]])
    sigma = np.array([[2.0, 0.7], [0.7, 0.5]])
    angles = np.linspace(0.0, math.pi, 20_000)
    theta = np.stack([np.cos(angles), np.sin(angles)])
    values = mixture_kurtosis(theta, mu, sigma, p)
    found = analysis.vcl_projection(mu, sigma, p)
    assert found.kind == ("separate" if 0.21132 < p < 0.78868 else "merge")
    assert found.kurtosis == pytest.approx(values.min(), abs=1e-6)
    direct = mixture_kurtosis(found.basis, mu, sigma, p)
    np.testing.assert_allclose(direct, found.kurtosis, atol=1e-12)
    best = theta[:, values.argmin()]
    assert abs(best @ found.basis[:, 0]) == pytest.approx(1.0, abs=1e-5)


def test_vcl_projection_in_any_unit():
    mu, sigma = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.diag([0.5, 0.2])
    for unit in (1e-6, 1.0, 1e6):
        found = analysis.vcl_projection(unit * mu, unit**2 * sigma, 0.5)
        assert found.kurtosis == pytest.approx(
            analysis.vcl_projection(mu, sigma, 0.5).kurtosis
        )
        different = unit**2 * np.stack([sigma, 8 * sigma])
        with pytest.raises(ValueError, match="equal covariance only"):
            analysis.vcl_projection(unit * mu, different, 0.5)


def test_vcl_projection_of_many_features():
    random = RANDOM(0)
    root = random.normal(size=(5, 5))
    mu, sigma = random.normal(size=(2, 5)), root @ root.T
    merging = analysis.vcl_projection(mu, np.stack([sigma, sigma]), 0.05)
    assert merging.basis.shape == (5, 4)
    np.testing.assert_allclose((mu[0] - mu[1]) @ merging.basis, 0.0, atol=1e-12)
    np.testing.assert_allclose(merging.basis.T @ merging.basis, np.eye(4), atol=1e-12)
    theta = random.normal(size=(5, 1000))
    apart = analysis.vcl_projection(mu, sigma, 0.4)
    assert apart.kurtosis <= mixture_kurtosis(theta, mu, sigma, 0.4).min()


@pytest.mark.parametrize("batch_size", [2, 3, 4, 16])
def test_batch_norm_nonlinearity_against_normalized_batches(batch_size):
    x = np.array([-2.0, 0.3, 1.0, 5.0])
    others = RANDOM(5).normal(size=(100_000, batch_size - 1))
    for value, found in zip(
        x, analysis.batch_norm_nonlinearity(x, batch_size), strict=True
    ):
        batch = np.insert(others, 0, value, axis=1)
        normalized = (value - batch.mean(axis=1)) / batch.std(axis=1)
        # Its own draws are 20,000.
        error = normalized.std() * math.sqrt(1 / len(batch) + 1 / 20_000)
        assert_within_standard_errors(normalized.mean(), error, found)


def test_batch_norm_nonlinearity_is_bounded_and_fades():
    x = np.array([[-8.0, 8.0], [1.0, 0.0]])
    small = analysis.batch_norm_nonlinearity(x, 4)
    assert (np.abs(small) <= math.sqrt(3)).all()
    assert small[0, 0] == pytest.approx(-small[0, 1])
    large = analysis.batch_norm_nonlinearity(x, 100_000)
    np.testing.assert_allclose(large, x, atol=0.01)


def test_calibration():
    # 10 answers of confidence 0.8, 6 of them right; 10 of 0.6, all right.
    sure = np.tile([0.8, 0.2], (10, 1))
    unsure = np.tile([0.4, 0.6], (10, 1))
    labels = np.array([0] * 6 + [1] * 4 + [1] * 10)
    found = analysis.calibration(np.concatenate([sure, unsure]), labels, bins=10)
    assert found.error == pytest.approx((0.2 + 0.4) / 2)
    assert found.counts.tolist() == [0] * 5 + [10, 0, 10, 0, 0]
    assert found.accuracy[[5, 7]].tolist() == [1.0, 0.6]
    np.testing.assert_allclose(found.confidence[[5, 7]], [0.6, 0.8])
    assert np.isnan(found.accuracy[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.mutual_information([1.0], [1.0]), r"more samples than"),
        (lambda: analysis.drop_activation_shift_ratio(1.5), r"rate=1.5"),
        (
            lambda: analysis.drop_activation_penalty([1.0], [[1.0], [2.0]], 0.1),
            r"\(1,\) and \(2, 1\)",
        ),
        (
            lambda: analysis.rotationout_regression([[1.0]], [1.0], 0.1),
            r"2 features or more.*\(1, 1\)",
        ),
        (
            lambda: analysis.dropout_regression([[1.0, 0.0]], [1.0], 0.1),
            r"More than one weight vector",
        ),
        (
            lambda: analysis.dropout_regression([1.0], [1.0], 0.1),
            r"\(samples, features\)",
        ),
        (
            lambda: analysis.vcl_projection(
                np.eye(2), np.stack([np.eye(2), 2 * np.eye(2)]), 0.5
            ),
            r"equal covariance only.*by up to 1\.",
        ),
        (lambda: analysis.vcl_projection(np.eye(2), -np.eye(2), 0.5), r"positive def"),
        (lambda: analysis.vcl_projection(np.eye(2), np.eye(2), 1.0), r"p=1.0"),
        (lambda: analysis.vcl_projection(np.ones((2, 2)), np.eye(2), 0.5), r"differ"),
        (
            lambda: analysis.batch_norm_nonlinearity([1.0], 1),
            r"2 or more.*batch_size=1",
        ),
        (lambda: analysis.calibration([[1.0, 2.0]], [0]), r"sum to 1.*softmax"),
        (lambda: analysis.calibration([0.5, 0.5], [0, 1]), r"\(samples, classes\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
