"""Paired differences, and how sure they are."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from keras_regnoise._student import critical

Scores = dict[int, float]
_FEWEST = 3


@dataclass(frozen=True)
class Pairs:
    """The difference of two arms over the seeds that both have.

    Attributes:
        mean: Of the differences; NaN without any.
        deviation: Their standard deviation; NaN for less than two.
        count: Their number.
    """

    mean: float
    deviation: float
    count: int

    @property
    def enough(self) -> bool:
        """Whether there are pairs enough to say how sure the mean is."""
        return self.count >= _FEWEST

    def half_width(self, alpha: float) -> float:
        """Half the interval that misses the true difference with this probability."""
        if self.count < 2:
            return math.inf
        return critical(self.count - 1, alpha) * self.deviation / math.sqrt(self.count)

    def excludes_zero(self, alpha: float) -> bool:
        """Whether all of the interval is on one side of 0."""
        return self.enough and abs(self.mean) > self.half_width(alpha)

    def needed(self, alpha: float, most: int) -> int | None:
        """Return with how many pairs a difference of this size would exclude 0.

        For a chance of about one half, at the mean and deviation that were seen.

        Args:
            alpha: As in `half_width`.
            most: Pairs at which to give up.
        """
        for count in range(max(_FEWEST, self.count), most + 1):
            if Pairs(self.mean, self.deviation, count).excludes_zero(alpha):
                return count
        return None


NO_PAIRS = Pairs(math.nan, math.nan, 0)


def paired(one: Scores, other: Scores, step: float = 0.0) -> Pairs:
    """Return one minus other; runs that failed are not finite and in no pair.

    Args:
        one: Scores by seed.
        other: The same of another arm.
        step: The least difference that a score can show. Differences that all fall on
            one step tell no more of their spread than that it is below the step: the
            deviation is at least that of the rounding of two scores.
    """
    found = [one[seed] - other[seed] for seed in one if seed in other]
    differences = [d for d in found if math.isfinite(d)]
    count = len(differences)
    if not count:
        return NO_PAIRS
    mean = math.fsum(differences) / count
    if count < 2:
        return Pairs(mean, math.nan, count)
    squares = math.fsum((d - mean) ** 2 for d in differences)
    deviation = math.sqrt(squares / (count - 1))
    return Pairs(mean, max(deviation, step / math.sqrt(6)), count)


def smallest_step(scores: Iterable[Sequence[float]]) -> float:
    """Return the smallest difference between any two scores; 0 if there is none.

    Two that differ by rounding alone count as one.
    """
    values = sorted(v for arm in scores for v in arm if math.isfinite(v))
    least = 1e-6 * max((abs(v) for v in values), default=0.0)
    gaps = [b - a for a, b in pairwise(values) if b - a > least]
    return min(gaps, default=0.0)
