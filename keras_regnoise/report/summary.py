import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval by Student's t.

    Attributes:
        mean: Sample mean.
        deviation: Sample standard deviation, NaN for one value.
        count: Number of values.
        half_width: Half the width of the interval, NaN for one value.
    """

    mean: float
    deviation: float
    count: int
    half_width: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """Estimate from independent values."""
        count = len(values)
        mean = float(np.mean(values))
        if count < 2:
            return cls(mean, math.nan, count, math.nan)
        from scipy import stats

        deviation = float(np.std(values, ddof=1))
        factor = float(stats.t.ppf(0.975, count - 1))
        return cls(mean, deviation, count, factor * deviation / math.sqrt(count))


@dataclass(frozen=True)
class ArmSummary:
    """One line of the table.

    Attributes:
        method: Name of the noise.
        rate: Its rate.
        values: The metric, by seed.
        value: Over the seeds.
        difference: To the baseline, in pairs of equal seeds; None for the baseline.
    """

    method: str
    rate: float
    values: Mapping[int, float]
    value: Interval
    difference: Interval | None


def summarize(
    rows: Iterable[Mapping[str, Any]], metric: str, baseline: str
) -> list[ArmSummary]:
    """Summarize one metric by arm, in the order in which the arms appear.

    Args:
        rows: Rows with `method`, `rate`, `seed` and `metric`.
        metric: Name of the metric's column.
        baseline: Method to which the others are compared.
    """
    arms: dict[tuple[str, float], dict[int, float]] = defaultdict(dict)
    for row in rows:
        arm = arms[row["method"], float(row["rate"])]
        arm[int(row["seed"])] = float(row[metric])
    reference = next((v for arm, v in arms.items() if arm[0] == baseline), {})
    summaries = []
    for (method, rate), values in arms.items():
        pairs = [values[seed] - reference[seed] for seed in values if seed in reference]
        has_difference = method != baseline and pairs
        summaries.append(
            ArmSummary(
                method,
                rate,
                values,
                Interval.of(list(values.values())),
                Interval.of(pairs) if has_difference else None,
            )
        )
    return summaries
