"""What may be said of a difference beside a published one."""

import math
from collections.abc import Mapping
from typing import Any

from keras_regnoise.studies.report.interval import Interval

AGREES = "agrees in direction"
DIFFERS = "differs in direction"
UNCLEAR = "not distinguishable"
TOO_FEW = "too few runs"
NO_DIFFERENCE = "no difference published"
OTHER_PROTOCOL = "other protocol"
ABOVE = "above the published level"
BELOW = "below the published level"
_FEWEST = 3

Number = Mapping[str, Any]


def direction(difference: Interval | None, published: float) -> str:
    """Compare the signs of our paired difference and of the published one.

    Args:
        difference: Ours, arm minus baseline, in pairs of equal seeds.
        published: The paper's, arm minus baseline.
    """
    if published == 0:
        return NO_DIFFERENCE
    if difference is None or difference.count < _FEWEST:
        return TOO_FEW
    if not difference.excludes_zero:
        return UNCLEAR
    return AGREES if difference.mean * published > 0 else DIFFERS


def level(ours: Interval, published: Number) -> str:
    """Compare our mean with a published one of the same protocol.

    The interval is Welch's if the paper has a spread and a number of runs, else
    that of our mean, as if the published number had no error.

    Args:
        ours: Over the seeds.
        published: A number of the paper.
    """
    if ours.count < _FEWEST:
        return TOO_FEW
    gap = ours.mean - published["value"]
    if abs(gap) <= _half_width(ours, published):
        return UNCLEAR
    return ABOVE if gap > 0 else BELOW


def _half_width(ours: Interval, published: Number) -> float:
    spread, runs = published.get("spread"), published.get("n")
    if spread is None or runs is None or runs < 2:
        return ours.half_width
    from scipy import stats

    a, b = ours.deviation**2 / ours.count, spread**2 / runs
    if a + b == 0:
        return 0.0
    freedom = (a + b) ** 2 / (a**2 / (ours.count - 1) + b**2 / (runs - 1))
    return float(stats.t.ppf(0.975, freedom)) * math.sqrt(a + b)
