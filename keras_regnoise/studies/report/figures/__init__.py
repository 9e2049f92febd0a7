"""Figures of a run: the paper's from our numbers, learning curves, profiles."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise._figures import LIGHT, Palette, style
from keras_regnoise._race.decide import Standing
from keras_regnoise.studies._atomic import replacing
from keras_regnoise.studies.race import is_tuning, standing_of
from keras_regnoise.studies.report.figures import by_rate, profiles
from keras_regnoise.studies.report.figures.curve_drawing import draw_curves
from keras_regnoise.studies.report.figures.curves import CurvePanel, curve_panels
from keras_regnoise.studies.report.figures.drawing import draw, legend
from keras_regnoise.studies.report.figures.panels import Panel, panels, shortened
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.standings import published_standings, standings
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.run import Run

_T = TypeVar("_T")
_Draw = Callable[[Axes, _T, Palette], dict[str, Line2D]]
_MOST_PANELS = 30


def figure(run: Run, file: Path | str, metric: str | None = None) -> Path:
    """Draw the paper's figure from our numbers, as PNG, SVG or PDF.

    The arms' value `x` of the description is along the horizontal axis, one line per
    value of `series`, a panel per group; without an `x`, the arms are listed. Small
    dots are runs, large ones means, with 95 % intervals (Student's t) from 3 runs on,
    hollow diamonds published numbers, with their standard deviation. Of a tuning it is
    the difference to none by rate instead: a line for each noise, a panel for each
    place.

    Args:
        run: The run.
        file: Image to write; its suffix names the format.
        metric: Name of a metric; the study's headline by default.
    """
    file, run = Path(file), readable(run)
    with style(LIGHT), replacing(file) as draft:
        image = drawn(run, metric)
        image.savefig(draft, format=file.suffix.removeprefix(".") or "png")
    return file


def drawn(run: Run, metric: str | None = None) -> Figure:
    """Draw the same and return it, without a file."""
    run = readable(run)
    with style(LIGHT):
        arms = summarize(run, metric)
        if run.description.profile:
            whole = standings(run, metric)
            papers = published_standings(run, metric)
            image = profiles.compose(whole, papers) if whole else _nothing()
        elif parts := is_tuning(run) and by_rate.rate_panels(arms):
            image = by_rate.compose(parts, *race_of(run))
        else:
            image = _compose(panels(run, arms))
        title = run.description.title or run.study
        label = Metric(run.metric(metric)).label
        image.suptitle(f"{title}\n{label}; {run.progress}", fontsize=10)
    return image


def race_of(run: Run) -> tuple[Standing | None, float]:
    """Return the race of a run, and the sign of what it takes for better."""
    return standing_of(run), 1.0 if run.description.direction == "max" else -1.0


def curves_figure(run: Run, file: Path, metric: str | None = None) -> bool:
    """Draw the curves of all arms into an image, whole or not at all.

    Returns:
        False, and no image, without a curve or with too many for an image.
    """
    groups = curve_panels(readable(run), metric)
    parts = [panel for of_group in groups.values() for panel in of_group]
    if not 0 < len(parts) <= _MOST_PANELS:
        file.unlink(missing_ok=True)  # of an earlier state of the run
        return False
    columns = min(3, len(parts))
    size = (3.6 * columns, 2.6 * math.ceil(len(parts) / columns) + 0.5)
    with style(LIGHT), replacing(file) as draft:
        image = Figure(figsize=size)
        drawn = _fill(image, _placed(groups), columns, draw_curves)
        # A panel for each arm has the arm's name above it.
        titles = {panel.title for panel in parts}
        baselines = {c.name for panel in parts for c in panel.curves if c.is_baseline}
        named = {n: h for n, h in drawn.items() if shortened(n) not in titles}
        legend(
            image, {n: drawn[n] for n in drawn if n in named or n in baselines}, 4, 1
        )
        image.savefig(draft, format=file.suffix.removeprefix("."))
    return True


def _placed(groups: Mapping[str, Sequence[CurvePanel]]) -> list[CurvePanel]:
    """Name the group above every panel: others may have arms of the same names."""
    return [
        panel
        if len(groups) == 1 or panel.title == group
        else replace(panel, title=f"{shortened(group)}\n{panel.title}")
        for group, of_group in groups.items()
        for panel in of_group
    ]


def _compose(parts: Sequence[Panel]) -> Figure:
    if not parts:
        return _nothing()
    pairs = any(panel.source == "paper" for panel in parts)
    columns = min(len(parts), 2 if pairs else 3)
    rows = [parts[i : i + columns] for i in range(0, len(parts), columns)]
    heights = [max(panel.height for panel in row) for row in rows]
    image = Figure(figsize=(max(4.4 * columns, 5.5), sum(heights) + 0.6))
    legend(image, _fill(image, parts, columns, draw, heights), max(2, 2 * columns))
    return image


def _fill(
    image: Figure,
    parts: Sequence[_T],
    columns: int,
    draw_part: _Draw[_T],
    heights: Sequence[float] | None = None,
) -> dict[str, Line2D]:
    """Draw panels row by row; returns the handles of their legend by name."""
    rows = math.ceil(len(parts) / columns)
    places = list(
        image.subplots(rows, columns, squeeze=False, height_ratios=heights).flat
    )
    handles: dict[str, Line2D] = {}
    for axes, part in zip(places, parts, strict=False):
        # The first of a name: the paper's panel has other markers, and is the last.
        for name, handle in draw_part(axes, part, LIGHT).items():
            handles.setdefault(name, handle)
    for unused in places[len(parts) :]:
        unused.set_visible(False)
    return handles


def _nothing() -> Figure:
    image = Figure(figsize=(5, 2))
    image.text(0.5, 0.4, "Nothing to draw yet.", ha="center")
    return image
