"""How fine a metric is: the least difference that it can show."""

import math
from collections.abc import Iterable

from keras_regnoise._race.pairs import smallest_step
from keras_regnoise.studies.report.metric import AVERAGE, Metric
from keras_regnoise.studies.run import ArmKey, Run

_PARTS = {"train": "train", "val": "validation", "test": "test"}


def step(run: Run, metric: str, arms: Iterable[ArmKey]) -> float:
    """Return the least difference that a metric of some arms can show.

    That of one example of the smallest split on which they were measured, or the
    smallest between two of their values. It is 0 where the metric is no share of
    examples (a loss, a mean over epochs), or their number is not known.

    Args:
        run: The run.
        metric: Name of the metric.
        arms: Of which.
    """
    words = metric.split("_")
    part = next((word for word in words if word in _PARTS), "")
    is_error = metric.endswith(f"{part}_error")
    if not part or Metric(metric).epoch == AVERAGE:
        return 0.0
    if not (is_error or metric.endswith("accuracy")):
        return 0.0
    records = [record for key in arms for record in run.of_arm(key) if record.done]
    accuracy = f"{part}_accuracy"
    if is_error and any(accuracy not in record.metrics for record in records):
        return 0.0  # it may be an error of any kind, and not what one leaves of 1
    sizes = [float(record.data.get(_PARTS[part]) or 0) for record in records]
    if not sizes or not all(sizes):
        return 0.0
    # A share of pixels or words has finer steps, which its values show.
    seen = smallest_step([[r.metrics.get(metric, math.nan) for r in records]])
    of_one = 1 / min(sizes)
    return seen if 0 < seen < 0.99 * of_one else of_one
