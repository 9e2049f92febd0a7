"""Resampling seeds, or data sets."""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

_RESAMPLES = 2000

# The metric by rate and seed; more is better.
Curves = Mapping[float, Sequence[float]]


def plateau_width(means: Mapping[float, float], within: float) -> float:
    """Return the width of the range in which a method is within reach of its best.

    Between two places the curve is a line. Only the range around the best counts.

    Args:
        means: The metric by place; more is better.
        within: How much worse than its best it may be.

    Example:

    >>> round(plateau_width({0.1: 0.80, 0.3: 0.88, 0.5: 0.90, 0.7: 0.86}, 0.02), 3)
    0.3
    """
    places = sorted(means)
    best = max(places, key=means.__getitem__)
    floor = means[best] - within
    right = _reach([(x, means[x]) for x in places if x >= best], floor)
    left = _reach([(x, means[x]) for x in reversed(places) if x <= best], floor)
    return abs(right - best) + abs(best - left)


def _reach(curve: Sequence[tuple[float, float]], floor: float) -> float:
    """Return where a curve that begins above a floor first falls below it."""
    for (x, y), (after, below) in pairwise(curve):
        if below < floor:
            return x + (after - x) * (y - floor) / (y - below)
    return curve[-1][0]


def widths_by_seeds(
    one: Curves, other: Curves, within: float
) -> tuple[float, list[float]]:
    """Return how much wider the one plateau is, and resamples of that over the seeds.

    Args:
        one: Of the one method.
        other: Of the other, the same seeds.
        within: See `plateau_width`.
    """
    seeds = len(next(iter(one.values())))

    def width(curves: Curves, chosen: Sequence[int]) -> float:
        means = {x: fmean([c[i] for i in chosen]) for x, c in curves.items()}
        return plateau_width(means, within)

    def difference(chosen: Sequence[int]) -> float:
        return width(one, chosen) - width(other, chosen)

    rng = random.Random(0)
    every = range(seeds)
    resamples = [difference(rng.choices(every, k=seeds)) for _ in range(_RESAMPLES)]
    return difference(every), resamples


def means_over_problems(
    strata: Sequence[Sequence[float]],
) -> tuple[float, list[float]]:
    """Return the mean over problems and resamples of it.

    Args:
        strata: Values of problems, those that are alike in one stratum, which keeps
            its number of problems, two or more.
    """
    rng = random.Random(0)
    whole = [value for stratum in strata for value in stratum]
    widened = [_widened(stratum) for stratum in strata]
    resamples = [
        fmean([x for stratum in widened for x in rng.choices(stratum, k=len(stratum))])
        for _ in range(_RESAMPLES)
    ]
    return fmean(whole), resamples


def _widened(values: Sequence[float]) -> list[float]:
    """Move values away from their mean: resamples of n vary by too little, 1 - 1/n."""
    mean, factor = fmean(values), math.sqrt(len(values) / (len(values) - 1))
    return [mean + factor * (value - mean) for value in values]
