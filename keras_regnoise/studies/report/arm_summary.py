from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_regnoise.studies.report.interval import Interval


@dataclass(frozen=True)
class ArmSummary:
    """One line of the table.

    Attributes:
        group: Panel of the table.
        arm: Name of the arm.
        values: The arm's values.
        metric: Name of the metric.
        is_baseline: Whether the others of its group are compared with it.
        seeds: The metric by seed, of the runs where it is a finite number.
        value: Over the seeds.
        difference: To the baseline of the group, in pairs of equal seeds; None for
            the baseline and without a pair.
        published: The paper's numbers, as in the manifest: of this metric, or else of
            the same metric at another choice of the epoch.
        verdict: How the difference, or else the level, compares with the paper's; see
            `summarize`.
        planned: Number of runs that the plan has.
        failed: Number of runs that ended in an error.
        not_finite: Number of runs that ended with NaN or infinity.
    """

    group: str
    arm: str
    values: Mapping[str, Any]
    metric: str
    is_baseline: bool
    seeds: Mapping[int, float]
    value: Interval
    difference: Interval | None
    published: tuple[Mapping[str, Any], ...]
    verdict: str
    planned: int
    failed: int
    not_finite: int
