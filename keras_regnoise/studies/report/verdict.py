"""What may be said of a difference: to a published one, or between two runs."""

import math

from keras_regnoise._student import critical
from keras_regnoise.studies.direction import Direction
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.study import Published

AGREES = "agrees in direction"
DIFFERS = "differs in direction"
UNCLEAR = "not distinguishable"
TOO_FEW = "too few runs"
NO_DIFFERENCE = "no difference published"
OTHER_PROTOCOL = "other protocol"
ABOVE = "above the published level"
BELOW = "below the published level"

WORSE = "significantly worse"
BETTER = "significantly better"
EQUAL = "equal"
TOO_FEW_PAIRS = "too few pairs"
ONLY_A, ONLY_B = "only in A", "only in B"


def of_direction(difference: Interval | None, published: float) -> str:
    """Compare the signs of our paired difference and of the published one.

    Args:
        difference: Ours, arm minus baseline, in pairs of equal seeds.
        published: The paper's, arm minus baseline.
    """
    if published == 0:
        return NO_DIFFERENCE
    if difference is None or not difference.enough:
        return TOO_FEW
    if not difference.excludes_zero:
        return UNCLEAR
    return AGREES if difference.mean * published > 0 else DIFFERS


def of_level(ours: Interval, published: Published) -> str:
    """Compare our mean with a published one of the same protocol.

    The interval is Welch's if the paper has a spread and a number of runs, else
    that of our mean, as if the published number had no error.

    Args:
        ours: Over the seeds.
        published: A number of the paper.
    """
    if not ours.enough:
        return TOO_FEW
    gap = ours.mean - published.value
    if abs(gap) <= _half_width(ours, published):
        return UNCLEAR
    return ABOVE if gap > 0 else BELOW


def of_pairs(
    difference: Interval | None, direction: Direction, is_equal: bool = False
) -> str:
    """Compare two runs of an arm.

    Args:
        difference: B minus A, in pairs of equal seeds.
        direction: Whether more or less is better.
        is_equal: Whether all pairs are of equal numbers.
    """
    if difference is None or not difference.enough:
        return TOO_FEW_PAIRS
    if is_equal:
        return EQUAL
    if not difference.excludes_zero:
        return UNCLEAR
    return BETTER if (difference.mean > 0) == (direction == "max") else WORSE


def _half_width(ours: Interval, published: Published) -> float:
    spread, runs = published.spread, published.n
    if spread is None or runs is None or runs < 2:
        return ours.half_width
    a, b = ours.deviation**2 / ours.count, spread**2 / runs
    if a + b == 0:
        return 0.0
    freedom = (a + b) ** 2 / (a**2 / (ours.count - 1) + b**2 / (runs - 1))
    return critical(freedom) * math.sqrt(a + b)
