"""How fine a metric is: the least difference that it can show."""

from collections.abc import Iterable

from keras_regnoise.studies.report.metric import AVERAGE, Metric
from keras_regnoise.studies.run import ArmKey, Run

_PARTS = {"train": "train", "val": "validation", "test": "test"}


def step(run: Run, metric: str, arms: Iterable[ArmKey]) -> float:
    """Return the least difference that a metric of some arms can show.

    That of one example of the smallest split on which they were measured. It is 0 where
    the metric is no share of examples (a loss, a mean over epochs), or their number is
    not known.

    Args:
        run: The run.
        metric: Name of the metric.
        arms: Of which.
    """
    name = Metric(metric)
    part = name.base.partition("_")[0]
    if part not in _PARTS or not name.is_share or name.epoch == AVERAGE:
        return 0.0
    records = [record for key in arms for record in run.of_arm(key) if record.done]
    accuracy = f"{part}_accuracy"
    if not name.percent and any(accuracy not in record.metrics for record in records):
        return 0.0  # it may be an error of any kind
    sizes = [float(record.data.get(_PARTS[part]) or 0) for record in records]
    return 1 / min(sizes) if sizes and all(sizes) else 0.0
