"""Learning curves: mean and 95 % band over the seeds, by arm."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from keras_regnoise.studies._atomic import replacing
from keras_regnoise.studies.report import _style
from keras_regnoise.studies.report._run import ArmKey, Record, Run
from keras_regnoise.studies.report._style import Palette
from keras_regnoise.studies.report.drawing import FEWEST_RUNS, legend, shortened
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric

_TOGETHER = 3
_MOST_POINTS = 200
_MOST_PANELS = 30


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


def curve_metric(run: Run) -> str:
    """Return what of the history is drawn: best the headline's, by epoch."""
    base = Metric(str(run.description["metric"])).base.partition("_")[2]
    names = {name for record in run.done for name in record.get("history") or {}}
    if base == "error":  # its complement is what Keras measures
        base = "accuracy"
    for name in (f"test_{base}", f"val_{base}", "val_loss", base, "loss"):
        if name in names:
            return name
    return ""


def curve_panels(run: Run) -> dict[str, list[CurvePanel]]:
    """Divide the arms into panels, by group.

    Up to three arms are in one panel; more have a panel each, with the baseline.
    """
    name = curve_metric(run)
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
    histories = [_history(r, name) for r in run.of_arm(key) if r["status"] == "done"]
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


def _history(record: Record, name: str) -> list[float]:
    values = (record.get("history") or {}).get(name) or []
    return [math.nan if value is None else float(value) for value in values]


def _limits(curves: Sequence[Curve], metric: Metric) -> tuple[float, float]:
    """Leave out a tenth, the worst: first epochs, and losses that explode."""
    means = [interval.mean for curve in curves for interval in curve.intervals]
    low = float(np.quantile(means, 0.1 if metric.percent else 0.0))
    high = float(np.quantile(means, 1.0 if metric.percent else 0.9))
    # The band of the last epoch, which the table is about, is seen whole; not that of
    # a loss, which may have exploded.
    for interval in [curve.intervals[-1] for curve in curves if metric.percent]:
        if interval.count >= FEWEST_RUNS:
            ends = metric.bounds(interval)
            low, high = min(low, ends[0]), max(high, ends[1])
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return metric.factor * (low - margin), metric.factor * (high + margin)


def draw_curves(axes: Axes, panel: CurvePanel, palette: Palette) -> dict[str, Line2D]:
    """Draw a panel; returns the handles of its legend by name."""
    handles: dict[str, Line2D] = {}
    factor, index = panel.metric.factor, 0
    for curve in panel.curves:
        color = palette.ink if curve.is_baseline else palette.color(index)
        index += not curve.is_baseline
        style = "--" if curve.is_baseline else "-"
        means = [factor * interval.mean for interval in curve.intervals]
        (handles[curve.name],) = axes.plot(
            curve.epochs, means, style, color=color, linewidth=1.2
        )
        bounds = np.array([panel.metric.bounds(i) for i in curve.intervals]) * factor
        low, high = bounds.T
        # In an interval of fewer, nothing could be seen.
        enough = [i.count >= FEWEST_RUNS for i in curve.intervals]
        axes.fill_between(
            curve.epochs, low, high, enough, color=color, alpha=0.14, linewidth=0
        )
        if len(means) == 1:
            axes.plot(curve.epochs, means, "o", color=color, markersize=4)
    axes.set_title(panel.title, loc="left")
    axes.set_ylim(*panel.limits)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(panel.metric.axis)
    _style.tidy_axes(axes)
    return handles


def curves_figure(
    manifest: Mapping[str, Any], records: Sequence[Record], file: Path
) -> bool:
    """Draw the curves of all arms into an image, whole or not at all.

    Returns:
        False, and no image, without a curve or with too many for an image.
    """
    run = Run(manifest, records)
    panels = [panel for group in curve_panels(run).values() for panel in group]
    if not 0 < len(panels) <= _MOST_PANELS:
        file.unlink(missing_ok=True)  # of an earlier state of the run
        return False
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    with _style.options(_style.PAPER), replacing(file) as draft:
        figure = Figure(figsize=(3.6 * columns, 2.6 * rows + 0.5), layout="constrained")
        grid = list(figure.subplots(rows, columns, squeeze=False).flat)
        handles: dict[str, Line2D] = {}
        for axes, panel in zip(grid, panels, strict=False):
            drawn = draw_curves(axes, panel, _style.PAPER)
            # A panel for each arm has the arm's name above it.
            named = panel.title not in map(shortened, drawn)
            baseline = {c.name for c in panel.curves if c.is_baseline}
            handles |= {n: h for n, h in drawn.items() if named or n in baseline}
        for unused in grid[len(panels) :]:
            unused.set_visible(False)
        legend(figure, handles, 4, fewest=1)
        kind = file.suffix.removeprefix(".")
        figure.savefig(draft, format=kind, dpi=150)
    return True


def curve_svg(panel: CurvePanel, name: str) -> str:
    """Draw one panel for the page."""
    with _style.options(_style.PAGE):
        figure = Figure(figsize=(3.4, 2.2), layout="constrained")
        handles = draw_curves(figure.subplots(), panel, _style.PAGE)
        names = ", ".join(handles)
        if panel.title not in map(shortened, handles):
            legend(figure, handles, 2)
        label = f"Learning curves, {panel.metric.words} by epoch: {names}"
        return _style.inline_svg(figure, name, label)
