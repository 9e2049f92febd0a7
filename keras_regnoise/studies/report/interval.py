import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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
        """Estimate from independent values."""
        count = len(values)
        mean = float(np.mean(values)) if count else math.nan
        if count < 2:
            return cls(mean, math.nan, count, math.nan)
        from scipy import stats

        deviation = float(np.std(values, ddof=1))
        factor = float(stats.t.ppf(0.975, count - 1))
        return cls(mean, deviation, count, factor * deviation / math.sqrt(count))

    @property
    def low(self) -> float:
        """Lower end, NaN for less than two values."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end, NaN for less than two values."""
        return self.mean + self.half_width

    @property
    def excludes_zero(self) -> bool:
        """Whether all of the interval is on one side of 0."""
        return self.low > 0 or self.high < 0
