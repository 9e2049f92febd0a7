"""A mean and how sure it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from keras_regnoise._student import critical, two_sided_p

# Fewer runs have no interval that may be shown: that of two is 3 times as wide as that
# of three at the same deviation, and as good as nothing where two runs happen to agree.
FEWEST = 3


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval by Student's t.

    Attributes:
        mean: Sample mean, NaN without values.
        deviation: Sample standard deviation, NaN for less than two values.
        count: Number of values.
        half_width: Half the width of the interval, NaN for less than two values.

    Example:

    >>> Interval.of([0.92, 0.93, 0.97]).half_width.__format__(".4f")
    '0.0657'
    >>> Interval.of([0.92]).half_width
    nan
    """

    mean: float
    deviation: float
    count: int
    half_width: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """Estimate from independent values.

        Args:
            values: The values.
        """
        return cls._of(values, 0.0)

    @classmethod
    def of_pairs(cls, differences: Sequence[float], step: float) -> "Interval":
        """Estimate from the differences of pairs.

        Differences that all fall on one step tell no more of their spread than that it
        is below the step: the deviation is at least that of the rounding of two values.

        Args:
            differences: One for each pair.
            step: The least difference that a value can show; 0 if it is any.
        """
        return cls._of(differences, step / math.sqrt(6))

    @classmethod
    def _of(cls, values: Sequence[float], least_deviation: float) -> "Interval":
        count = len(values)
        if count < 2:
            return cls(fmean(values) if count else math.nan, math.nan, count, math.nan)
        deviation = max(stdev(values), least_deviation)
        half_width = critical(count - 1) * deviation / math.sqrt(count)
        return cls(fmean(values), deviation, count, half_width)

    @property
    def low(self) -> float:
        """Lower end, NaN for less than two values."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end, NaN for less than two values."""
        return self.mean + self.half_width

    @property
    def enough(self) -> bool:
        """Whether there are values enough for an interval to be shown."""
        return self.count >= FEWEST

    @property
    def excludes_zero(self) -> bool:
        """Whether it may be shown, and all of it is on one side of 0."""
        return self.enough and (self.low > 0 or self.high < 0)

    @property
    def p_value(self) -> float:
        """Probability of such a mean if the true one is 0; NaN for less than two."""
        if not self.deviation:
            return 0.0 if self.mean else 1.0
        t = self.mean / self.deviation * math.sqrt(self.count)
        return two_sided_p(t, self.count - 1) if self.count > 1 else math.nan
