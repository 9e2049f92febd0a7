"""Draws learning curves."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from keras_regnoise._figures import Palette, grid_lines, style
from keras_regnoise.studies.report.figures.curves import CurvePanel
from keras_regnoise.studies.report.figures.drawing import legend
from keras_regnoise.studies.report.figures.panels import shortened
from keras_regnoise.studies.report.figures.svg import PAGE, inline_svg


def draw_curves(axes: Axes, panel: CurvePanel, palette: Palette) -> dict[str, Line2D]:
    """Draw a panel; returns the handles of its legend by name."""
    handles: dict[str, Line2D] = {}
    factor, index = panel.metric.factor, 0
    for curve in panel.curves:
        color = palette.ink if curve.is_baseline else palette.color(index)
        index += not curve.is_baseline
        dashes = "--" if curve.is_baseline else "-"
        lowest, highest = panel.limits
        # What is outside is left out, so that no line ends at the panel's edge.
        means = [
            mean if lowest <= (mean := factor * i.mean) <= highest else math.nan
            for i in curve.intervals
        ]
        (handles[curve.name],) = axes.plot(
            curve.epochs, means, dashes, color=color, linewidth=1.2
        )
        bounds = [panel.metric.bounds(i) for i in curve.intervals]
        axes.fill_between(
            curve.epochs,
            [max(factor * low, lowest) for low, _ in bounds],
            [min(factor * high, highest) for _, high in bounds],
            # In an interval of fewer, nothing could be seen.
            [
                i.enough and math.isfinite(m)
                for i, m in zip(curve.intervals, means, strict=True)
            ],
            color=color,
            alpha=0.14,
            linewidth=0,
        )
        if sum(map(math.isfinite, means)) == 1:
            axes.plot(curve.epochs, means, "o", color=color, markersize=4)
    axes.set_title(panel.title, loc="left")
    axes.set_ylim(*panel.limits)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(panel.metric.axis)
    grid_lines(axes)
    return handles


def curve_svg(panel: CurvePanel, name: str) -> str:
    """Draw one panel for the page."""
    with style(PAGE):
        named = panel.title in [shortened(curve.name) for curve in panel.curves]
        rows = 0 if named else math.ceil(len(panel.curves) / 2)
        figure = Figure(figsize=(3.4, 2.2 + 0.2 * rows))
        handles = draw_curves(figure.subplots(), panel, PAGE)
        names = ", ".join(handles)
        if not named:
            legend(figure, handles, 2)
        label = f"Learning curves, {panel.metric.words} by epoch: {names}"
        return inline_svg(figure, name, label)
