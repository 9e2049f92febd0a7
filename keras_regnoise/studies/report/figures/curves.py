"""Learning curves: mean and 95 % band over the seeds, by arm."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keras_regnoise.studies.report.figures.panels import shortened
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.run import ArmKey, Run

_TOGETHER = 3
_MOST_POINTS = 200
_LONG = 20


@dataclass(frozen=True)
class Curve:
    """One arm's metric by epoch.

    Attributes:
        name: Name of the arm.
        is_baseline: Whether it is the baseline.
        epochs: Epochs, from 1.
        intervals: Over the seeds, of every epoch.
    """

    name: str
    is_baseline: bool
    epochs: tuple[int, ...]
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class CurvePanel:
    """One pair of axes.

    Attributes:
        title: Above it.
        metric: What is drawn.
        curves: What is drawn with bands; the baseline is grey.
        limits: Range of the vertical axis, common to the group.
    """

    title: str
    metric: Metric
    curves: tuple[Curve, ...]
    limits: tuple[float, float]


def curve_metric(run: Run, metric: str | None = None) -> str:
    """Return what of the history is drawn: best the metric of the table, by epoch."""
    base = Metric(run.metric(metric)).base.partition("_")[2]
    names = {name for record in run.done for name in record.history}
    if base == "error":  # its complement is what Keras measures
        base = "accuracy"
    for name in (f"test_{base}", f"val_{base}", "val_loss", base, "loss"):
        if name in names:
            return name
    return ""


def curve_panels(run: Run, metric: str | None = None) -> dict[str, list[CurvePanel]]:
    """Divide the arms into panels, by group.

    Up to three arms are in one panel; more have a panel each, with the baseline.
    """
    name = curve_metric(run, metric)
    groups: dict[str, list[Curve]] = {}
    for key in run.arms if name else ():
        curve = _curve(run, key, name)
        if curve.epochs:
            groups.setdefault(key[0], []).append(curve)
    return {
        group: _panels(group, curves, Metric(name)) for group, curves in groups.items()
    }


def _panels(group: str, curves: Sequence[Curve], metric: Metric) -> list[CurvePanel]:
    limits = _limits(curves, metric)
    if len(curves) <= _TOGETHER:
        return [CurvePanel(group, metric, tuple(curves), limits)]
    baseline = [curve for curve in curves if curve.is_baseline]
    return [
        CurvePanel(shortened(curve.name), metric, (*baseline, curve), limits)
        for curve in curves
        if not curve.is_baseline
    ]


def _curve(run: Run, key: ArmKey, name: str) -> Curve:
    histories = [r.history.get(name, ()) for r in run.of_arm(key) if r.done]
    length = max(map(len, histories), default=0)
    step = max(1, math.ceil(length / _MOST_POINTS))
    stride = run.stride(name)
    epochs: list[int] = []
    intervals: list[Interval] = []
    # Backwards from the last epoch, which the table is about.
    for epoch in range(length - 1, -1, -step):
        values = [h[epoch] for h in histories if len(h) > epoch]
        finite = [value for value in values if math.isfinite(value)]
        if finite:
            epochs.insert(0, stride * (epoch + 1))
            intervals.insert(0, Interval.of(finite))
    baseline = key == run.baseline(key[0])
    return Curve(key[1], baseline, tuple(epochs), tuple(intervals))


def _limits(curves: Sequence[Curve], metric: Metric) -> tuple[float, float]:
    """Return the range of long curves without their worst tenth.

    Those are first epochs, and losses that explode; short curves are seen whole.
    """
    means = sorted(interval.mean for curve in curves for interval in curve.intervals)
    long = max(len(curve.epochs) for curve in curves) >= _LONG
    tenth = len(means) // 10 if long else 0
    low = means[tenth if metric.percent else 0]
    high = means[-1 if metric.percent else -1 - tenth]
    # The last epoch, which the table is about, is seen whole; not that of a loss, which
    # may have exploded.
    for last in [curve.intervals[-1] for curve in curves if metric.percent]:
        ends = metric.bounds(last) if last.enough else (last.mean, last.mean)
        low, high = min(low, ends[0]), max(high, ends[1])
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return metric.factor * (low - margin), metric.factor * (high + margin)
