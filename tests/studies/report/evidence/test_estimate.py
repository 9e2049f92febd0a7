"""The tests of a difference, against SciPy and by hand."""

import numpy as np
import pytest
from scipy import stats

from keras_regnoise.studies.report.evidence.bootstrap import (
    means_over_problems,
    plateau_width,
    widths_by_seeds,
)
from keras_regnoise.studies.report.evidence.estimate import Estimate, holm, pooled

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shift", [-0.03, 0.0, 0.004, 0.03])
@pytest.mark.parametrize("count", [3, 20])
def test_pairs_are_those_of_scipy(shift, count):
    differences = RNG.normal(shift, 0.01, count)
    estimate = Estimate.of_pairs(list(differences), margin=0.01)
    test = stats.ttest_1samp(differences, 0.0)
    assert estimate.p_value == pytest.approx(test.pvalue, rel=1e-9)
    interval = test.confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx(interval)
    one_sided = [
        stats.ttest_1samp(differences, edge, alternative=side).pvalue
        for edge, side in ((-0.01, "greater"), (0.01, "less"))
    ]
    assert estimate.equivalence_p == pytest.approx(max(one_sided), rel=1e-9)


def test_pairs_without_a_spread():
    same = Estimate.of_pairs([0.0, 0.0, 0.0], 0.01)
    assert (same.p_value, same.equivalence_p) == (1.0, 0.0)
    apart = Estimate.of_pairs([0.5, 0.5, 0.5], 0.01)
    assert (apart.p_value, apart.equivalence_p) == (0.0, 1.0)


def test_holm_rejects_what_the_procedure_does():
    for _ in range(200):
        p_values = list(RNG.uniform(0, 0.1, RNG.integers(1, 8)))
        rejected = set()
        for step, index in enumerate(np.argsort(p_values)):
            if p_values[index] > 0.05 / (len(p_values) - step):
                break
            rejected.add(index)
        adjusted = holm(p_values)
        assert {i for i, p in enumerate(adjusted) if p <= 0.05} == rejected
    assert holm([]) == []
    assert holm([0.6, 1.0]) == [1.0, 1.0]


def test_the_pooled_model_is_least_squares():
    seeds, arms = 6, 4
    table = RNG.normal(0, 0.01, (arms, seeds)) + RNG.normal(0, 0.05, seeds)
    table += np.array([[0.0], [0.02], [0.03], [0.01]])
    rows = [
        [*np.eye(arms)[arm], *np.eye(seeds)[seed][1:]]
        for arm in range(arms)
        for seed in range(seeds)
    ]
    design = np.array(rows)
    solution, residuals, rank, _ = np.linalg.lstsq(design, table.ravel(), rcond=None)
    freedom = arms * seeds - rank
    contrast = np.zeros(design.shape[1])
    contrast[[2, 0]] = 1, -1
    variance = residuals[0] / freedom * contrast @ np.linalg.inv(design.T @ design)
    error = np.sqrt(variance @ contrast)
    half, p = pooled(table.tolist(), 2, 0)
    assert half == pytest.approx(stats.t.ppf(0.975, freedom) * error)
    t = contrast @ solution / error
    assert p == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-9)


def test_the_pooled_model_of_two_arms_is_the_paired_test():
    one, other = RNG.normal(0, 1, (2, 8))
    half, p = pooled([list(one), list(other)], 0, 1)
    test = stats.ttest_rel(one, other)
    assert p == pytest.approx(test.pvalue, rel=1e-9)
    low, high = test.confidence_interval(0.95)
    assert half == pytest.approx((high - low) / 2)


def test_a_plateau_is_where_the_line_is_above_the_floor():
    for _ in range(50):
        places = np.sort(RNG.uniform(0, 1, 8))
        # One peak, so that what is above the floor is one range.
        values = np.sort(RNG.uniform(0.5, 1, 8))
        values = np.concatenate([values[::2], values[1::2][::-1]])
        width = plateau_width(dict(zip(places, values, strict=True)), 0.1)
        grid = np.linspace(places[0], places[-1], 200001)
        above = np.interp(grid, places, values) >= values.max() - 0.1
        assert width == pytest.approx(above.mean() * (places[-1] - places[0]), abs=1e-4)


def test_a_second_peak_is_not_of_the_plateau():
    means = {0.1: 0.9, 0.2: 0.5, 0.3: 0.89, 0.4: 0.5}
    # From 0.9 to 0.88 on a line that falls by 0.4 in 0.1.
    assert plateau_width(means, 0.02) == pytest.approx(0.005)


def test_a_wider_plateau_is_found_and_its_mirror_too():
    rates = (0.1, 0.3, 0.5, 0.7, 0.9)

    def curves(means):
        noise = RNG.normal(0, 0.005, (5, 20))
        return {r: list(m + e) for r, m, e in zip(rates, means, noise, strict=True)}

    wide = curves([0.80, 0.90, 0.90, 0.90, 0.80])
    narrow = curves([0.80, 0.80, 0.90, 0.80, 0.80])
    value, resamples = widths_by_seeds(wide, narrow, 0.02)
    # The true widths: 0.4 + 2 * 0.04, and 2 * 0.04.
    assert value == pytest.approx(0.4, abs=0.05)
    estimate = Estimate.of_resamples(value, resamples, 0.05, 20)
    assert estimate.low > 0.3
    assert estimate.p_value < 0.01 < 0.9 < estimate.equivalence_p
    mirrored = Estimate.of_resamples(-value, [-x for x in resamples], 0.05, 20)
    assert mirrored.p_value == estimate.p_value
    assert mirrored.high == pytest.approx(-estimate.low)


def test_the_bootstrap_over_problems_is_that_of_scipy():
    values = RNG.normal(0.003, 0.01, 30)
    mean, resamples = means_over_problems([list(values)])
    assert mean == pytest.approx(values.mean())
    estimate = Estimate.of_resamples(mean, resamples, 0.01, 30)
    expected = stats.bootstrap(
        [values], np.mean, method="percentile", n_resamples=20000, random_state=0
    ).confidence_interval
    # A quantile at 2.5 % of 2,000 draws varies by about 6 % of the deviation.
    tolerance = 4 * 0.06 * values.std() / np.sqrt(30)
    assert (estimate.low, estimate.high) == pytest.approx(expected, abs=tolerance)
    assert estimate.deviation == pytest.approx(values.std(), rel=0.1)


def test_strata_take_what_differs_between_them_out():
    small, large = list(RNG.normal(0, 0.01, 10)), list(RNG.normal(1, 0.01, 10))
    _, together = means_over_problems([small + large])
    _, apart = means_over_problems([small, large])
    assert np.std(apart) < 0.1 * np.std(together)


@pytest.mark.parametrize(
    ("mean", "deviation", "claims"), [(2, 1, 12), (1, 0.5, 5), (1.37, 1, 12), (2, 1, 1)]
)
def test_few_pairs_that_decide_are_not_too_few(mean, deviation, claims):
    """Student's t of few pairs asks for much more than normal quantiles do."""
    half = deviation * np.sqrt(2 / 3) * np.array([-1.5, 0.0, 0.0, 1.5])
    half *= deviation / half.std(ddof=1)
    needed = Estimate.of_pairs(list(mean + half), 0.01).pairs_needed(0.01, claims)
    draws = np.random.default_rng(0).normal(mean, deviation, (4000, needed))
    t = draws.mean(axis=1) / draws.std(axis=1, ddof=1) * np.sqrt(needed)
    power = np.mean(2 * stats.t.sf(np.abs(t), needed - 1) <= 0.05 / claims)
    # Three standard errors, and an approximation that is good to 0.02.
    assert power >= 0.8 - 0.02 - 3 * np.sqrt(0.16 / 4000)


@pytest.mark.parametrize("true", [0.0, 0.01, -0.007])
def test_as_many_pairs_as_it_asks_for_decide(true):
    values = np.array([-0.02, 0.0, 0.02]) + true  # of the deviation 0.02
    needed = Estimate.of_pairs(list(values), 0.01).pairs_needed(0.01)
    draws = RNG.normal(true, 0.02, (1000, needed))
    decided = [
        min(e.p_value, e.equivalence_p) <= 0.05
        for e in (Estimate.of_pairs(list(d), 0.01) for d in draws)
    ]
    # A standard error of 0.013, and Student's t for normal quantiles. Between 0 and the
    # margin the other test decides where the one does not.
    assert np.mean(decided) >= 0.8 - 0.05
    if true == 0.0:
        assert np.mean(decided) <= 0.9
