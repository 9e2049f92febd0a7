from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_regnoise.studies.report.interval import Interval


@dataclass(frozen=True)
class ArmComparison:
    """One arm in two runs, A and B.

    Attributes:
        group: Panel of the table.
        arm: Name of the arm.
        values: The arm's values.
        metric: Name of the metric.
        a: Over the seeds of A.
        b: Over the seeds of B.
        difference: B minus A in pairs of equal seeds, None without a pair.
        verdict: In words, see `compare`.
        significantly_worse: Whether B is worse, by an interval without 0.
        differs: What else differs between the two, such as the backend.
    """

    group: str
    arm: str
    values: Mapping[str, Any]
    metric: str
    a: Interval
    b: Interval
    difference: Interval | None
    verdict: str
    significantly_worse: bool
    differs: tuple[str, ...]
