"""A difference, how sure it is, and how sure it is that it does not matter."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from keras_regnoise._student import critical, two_sided_p
from keras_regnoise.studies.report.interval import FEWEST, Interval

ALPHA = 0.05
_POWER = 0.8
_MOST = 10**6


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A difference with its 95 % interval and two tests.

    Attributes:
        mean: The difference.
        low: Lower end of the interval.
        high: Upper end of the interval.
        deviation: Standard deviation of one pair, or what it would have to be.
        count: Number of pairs.
        p_value: Probability of a difference as far from 0, if there is none;
            two-sided. With `least`, of one as far beyond it, if there is no larger one.
        equivalence_p: The larger p value of two one-sided tests (Schuirmann, 1987):
            small if the difference is surely within the margin.
    """

    mean: float
    low: float
    high: float
    deviation: float
    count: int
    p_value: float
    equivalence_p: float

    @staticmethod
    def of_pairs(
        differences: Sequence[float],
        margin: float,
        least: float = 0.0,
        step: float = 0.0,
    ) -> "Estimate":
        """Estimate from the differences of pairs, by Student's t.

        Args:
            differences: One for each pair.
            margin: The smallest difference that matters.
            least: The largest difference that is none, for the p value.
            step: See `Interval.of_pairs`.

        Example:

        >>> estimate = Estimate.of_pairs([0.001, -0.002, 0.002, 0.0], 0.01)
        >>> round(estimate.p_value, 2), round(estimate.equivalence_p, 4)
        (0.79, 0.0007)
        """
        interval = Interval.of_pairs(differences, step)
        error = interval.deviation / math.sqrt(interval.count or 1)
        return Estimate(
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            deviation=interval.deviation,
            count=interval.count,
            p_value=_beyond(interval.mean, error, least, interval.count),
            equivalence_p=_equivalence(interval.mean, error, margin, interval.count),
        )

    @staticmethod
    def of_resamples(
        value: float,
        resamples: Sequence[float],
        margin: float,
        count: int,
        least: float = 0.0,
    ) -> "Estimate":
        """Estimate from a bootstrap, by its percentiles.

        Args:
            value: Of the sample itself.
            resamples: Of resamples.
            margin: See `of_pairs`.
            count: Units that were resampled: seeds or data sets.
            least: See `of_pairs`.
        """
        ordered = sorted(resamples)
        last = len(ordered) - 1
        low, high = (ordered[round(last * q)] for q in (ALPHA / 2, 1 - ALPHA / 2))

        def share(beyond: int) -> float:  # of p values: never 0
            return min(1.0, (beyond + 1) / (len(ordered) + 1))

        below = share(sum(x <= least for x in ordered))
        above = share(sum(x >= -least for x in ordered))
        outside = (
            share(sum(x <= -margin for x in ordered)),
            share(sum(x >= margin for x in ordered)),
        )
        return Estimate(
            mean=value,
            low=low,
            high=high,
            deviation=stdev(ordered) * math.sqrt(count),
            count=count,
            p_value=min(1.0, 2 * min(below, above)),
            equivalence_p=max(outside),
        )

    @property
    def enough(self) -> bool:
        """Whether there are pairs enough for an interval to be shown."""
        return self.count >= FEWEST

    def excludes(self, value: float) -> bool:
        """Tell whether a value is outside of the interval."""
        return not self.low <= value <= self.high

    def pairs_needed(self, margin: float, claims: int = 1, least: float = 0.0) -> int:
        """Return about how many pairs would decide, if the difference is what it seems.

        So many that with probability 0.8 one of the two tests rejects, at 0.05 divided
        by the number of claims: that of a difference beyond `least`, or that of one
        within the margin.
        """
        alpha, size = ALPHA / claims, abs(self.mean)

        def enough(count: int) -> bool:
            error = self.deviation / math.sqrt(count)
            if not error:
                return True

            def power(alpha: float, *distances: float) -> float:
                missed = (_misses(d / error, count - 1, alpha) for d in distances)
                return 1 - math.fsum(missed)

            differs = power(alpha, size - least)
            alike = power(2 * alpha, margin - size, margin + size)
            return max(differs, alike) >= _POWER

        first = self.count + 1
        return first + bisect_left(range(first, _MOST), True, key=enough)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for their number, by Holm's procedure (1979).

    Args:
        p_values: Those of one family; what was not tested counts with 1.

    Example:

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def pooled(
    columns: Sequence[Sequence[float]], one: int, other: int, least: float = 0.0
) -> tuple[float, float]:
    """Contrast two arms in an additive model of seeds and arms.

    The deviation is that of the residuals of all arms, so that few seeds tell more,
    if the arms vary alike. Of two arms it is the paired test.

    Args:
        columns: By arm, the metric by seed, the same seeds in all.
        one: Index of an arm.
        other: Index of the other.
        least: See `Estimate.of_pairs`.

    Returns:
        Half a 95 % interval, and the two-sided p value.
    """
    arms, seeds = len(columns), len(columns[0])
    means = [fmean(column) for column in columns]
    rows = [fmean(row) for row in zip(*columns, strict=True)]
    whole = fmean(means)
    squares = sum(
        (value - mean - row + whole) ** 2
        for column, mean in zip(columns, means, strict=True)
        for value, row in zip(column, rows, strict=True)
    )
    freedom = (arms - 1) * (seeds - 1)
    error = math.sqrt(2 * squares / freedom / seeds)
    difference = means[one] - means[other]
    p_value = _beyond(difference, error, least, freedom + 1)
    return critical(freedom) * error, p_value


def _beyond(mean: float, error: float, least: float, count: int) -> float:
    """Return the p value of a difference that is larger than `least`, two-sided."""
    if count < 2:
        return math.nan
    beyond = abs(mean) - least
    if beyond <= 0:
        return 1.0
    return two_sided_p(beyond / error, count - 1) if error else 0.0


def _misses(shift: float, freedom: int, alpha: float) -> float:
    """Return how often Student's t misses what is `shift` standard errors from 0.

    By the normal approximation of its noncentral distribution (Abramowitz and Stegun,
    26.7.10).
    """
    bound = critical(freedom, alpha)
    spread = math.sqrt(1 + bound**2 / (2 * freedom))
    return NormalDist().cdf((bound * (1 - 1 / (4 * freedom)) - shift) / spread)


def _equivalence(mean: float, error: float, margin: float, count: int) -> float:
    if count < 2:
        return math.nan
    if not error:
        return float(abs(mean) >= margin)
    inner = (margin - abs(mean)) / error
    half = two_sided_p(inner, count - 1) / 2
    return half if inner > 0 else 1 - half
