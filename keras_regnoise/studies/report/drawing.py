"""The paper's figure from our numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise.studies._atomic import replacing
from keras_regnoise.studies.report import _style, profile_drawing
from keras_regnoise.studies.report._run import Record, Run
from keras_regnoise.studies.report._style import MARKERS, PAPER, Palette
from keras_regnoise.studies.report.arm_summary import ArmSummary
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.profile import profile, published_profile
from keras_regnoise.studies.report.summary import summarize

Source = Literal["ours", "paper", "both"]
Place = tuple[float, float]
FEWEST_RUNS = 3
_MOST_LINES = 6
_LABEL_WIDTH = 30


@dataclass(frozen=True)
class Line:
    """Arms of one name, by their position; without one, at all positions."""

    name: str
    index: int
    arms: tuple[tuple[float | None, ArmSummary], ...]

    @property
    def is_constant(self) -> bool:
        return any(position is None for position, _ in self.arms)


@dataclass(frozen=True)
class Panel:
    """One pair of axes: lines over a value of the arms, or a list of arms."""

    group: tuple[ArmSummary, ...]
    title: str
    source: Source
    metric: Metric
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    x: str

    @property
    def is_list(self) -> bool:
        return not self.x

    @property
    def height(self) -> float:
        return 1.1 + 0.3 * len(self.ticks) if self.is_list else 3.0

    @property
    def label(self) -> str:
        """What is seen, in words."""
        names = ", ".join(dict.fromkeys(line.name for line in self.lines))
        over = f" over {self.x}" if self.x else ""
        return f"{self.title}: {self.metric.axis}{over}: {names}. Numbers: see table."


def panels(manifest: Mapping[str, Any], summaries: Sequence[ArmSummary]) -> list[Panel]:
    """Divide arms into panels: by group, and by line where there are many.

    The paper's numbers are in our panel at the paper's scale, and in one of their own
    at others, where the levels are not to be compared.
    """
    description = manifest["description"]
    x = description.get("x") or ""
    by_group: dict[str, list[ArmSummary]] = {}
    for arm in summaries:
        by_group.setdefault(arm.group, []).append(arm)
    names: dict[str, int] = {}
    result = []
    for group, arms in by_group.items():
        if x:
            ticks, lines = _lines(arms, x, description.get("series") or "", names)
        else:
            ticks, lines = _list(arms)
        for title, part in _split(group, lines, bool(x)):
            template = Panel(
                tuple(arms), title, "ours", Metric(arms[0].metric), part, ticks, x
            )
            result += _sources(template, manifest["scale"])
    return result


def _lines(
    arms: Sequence[ArmSummary], x: str, series: str, names: dict[str, int]
) -> tuple[tuple[tuple[float, str], ...], list[Line]]:
    on_axis = {
        arm.arm: arm.values[x] for arm in arms if _has_place(arm, arms, x, series)
    }
    positions = _positions(list(on_axis.values()))
    lines: dict[str, list[tuple[float | None, ArmSummary]]] = {}
    for arm in arms:
        named = arm.arm in on_axis and series in arm.values
        # Without a series, all points are of one line.
        one = "this run" if arm.arm in on_axis and not series else arm.arm
        name = str(arm.values[series]) if named else one
        if not arm.is_baseline:
            names.setdefault(name, len(names))
        place = positions[on_axis[arm.arm]] if arm.arm in on_axis else None
        lines.setdefault(name, []).append((place, arm))
    ticks = tuple((place, f"{value}") for value, place in positions.items())
    return ticks, [
        Line(
            name,
            names.get(name, 0),
            tuple(sorted(arms, key=lambda pair: pair[0] or 0.0)),
        )
        for name, arms in lines.items()
    ]


def _has_place(
    arm: ArmSummary, arms: Sequence[ArmSummary], x: str, series: str
) -> bool:
    """Tell whether an arm is a point; a baseline that is no other's rate 0 is not."""
    same = [a for a in arms if a.values.get(series) == arm.values.get(series)]
    alone = arm.is_baseline and len(same) == 1 < len(arms)
    return x in arm.values and not alone


def _positions(values: Sequence[Any]) -> dict[Any, float]:
    """Put numbers to scale, unless some would be on top of each other."""
    unique = list(dict.fromkeys(values))
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in unique):
        return {value: float(i) for i, value in enumerate(unique)}
    unique.sort()
    gaps = [high - low for low, high in pairwise(unique)]
    if gaps and sum(gaps) / min(gaps) > 10:
        return {value: float(i) for i, value in enumerate(unique)}
    return {value: float(value) for value in unique}


def _list(
    arms: Sequence[ArmSummary],
) -> tuple[tuple[tuple[float, str], ...], list[Line]]:
    ticks = tuple((-float(i), shortened(arm.arm)) for i, arm in enumerate(arms))
    places = [place for place, _ in ticks]
    pairs = tuple(zip(places, arms, strict=True))
    return ticks, [Line("this run", 0, pairs)]


def shortened(name: str) -> str:
    """Keep a name from taking the place of the figure."""
    return name if len(name) <= _LABEL_WIDTH else f"{name[: _LABEL_WIDTH - 1]}…"


def _split(
    group: str, lines: Sequence[Line], over_x: bool
) -> list[tuple[str, tuple[Line, ...]]]:
    moving = [line for line in lines if not line.is_constant]
    constant = [line for line in lines if line.is_constant]
    if not over_x or len(moving) <= _MOST_LINES:
        return [(group, tuple(lines))]
    start = f"{group}: " if group else ""
    return [(start + line.name, (*constant, line)) for line in moving]


def _sources(panel: Panel, scale: str) -> list[Panel]:
    arms = [arm for line in panel.lines for _, arm in line.arms]
    ours = any(arm.seeds for arm in arms)
    papers = any(arm.published for arm in arms)

    def of(source: Source) -> Panel:
        name = {"ours": "this run", "paper": "the paper", "both": "this run and paper"}
        words = name[source]
        title = f"{panel.title}: {words}" if panel.title else words.capitalize()
        others = {n["of"] for arm in arms for n in arm.published if n.get("of")}
        if source == "paper" and len(others) == 1:
            title = f"The paper: {others.pop()}"
        return replace(panel, source=source, title=title if papers else panel.title)

    elsewhere = any(n.get("of") for arm in arms for n in arm.published)
    if ours and papers and scale == "paper" and not elsewhere:
        return [of("both")]
    return ([of("ours")] if ours else []) + ([of("paper")] if papers else [])


def draw(axes: Axes, panel: Panel, palette: Palette) -> dict[str, Line2D]:
    """Draw a panel; returns the handles of its legend by name."""
    handles: dict[str, Line2D] = {}
    moving = [line for line in panel.lines if not line.is_constant]
    step = 0.0 if panel.is_list else 0.05 * _gap(panel.ticks)
    for line in panel.lines:
        color, marker = palette.color(line.index), MARKERS[line.index % len(MARKERS)]
        if line.is_constant:
            handles |= _draw_constant(axes, panel, line, palette)
            continue
        shift = step * (moving.index(line) - (len(moving) - 1) / 2)
        if panel.source == "paper" and not any(a.published for _, a in line.arms):
            continue
        if panel.source != "paper":
            _draw_ours(axes, panel, line, shift, color, marker)
        if panel.source != "ours":
            _draw_published(axes, panel, line, shift, color)
        style = {"marker": "D", "fillstyle": "none"} if panel.source == "paper" else {}
        handles[line.name] = Line2D([], [], color=color, **{"marker": marker, **style})  # type: ignore[arg-type]
    if panel.source == "both":
        handles["published"] = Line2D(
            [], [], color=palette.ink, marker="D", fillstyle="none", linestyle="none"
        )
    _label(axes, panel)
    _limit(axes, panel)
    return {} if panel.is_list and panel.source != "both" else handles


def _gap(ticks: Sequence[tuple[float, str]]) -> float:
    places = [place for place, _ in ticks]
    gaps = [b - a for a, b in pairwise(places)]
    return min(gaps, default=1.0)


def _turned(panel: Panel, place: float, value: float) -> Place:
    """Return x and y: a list has its values along x."""
    return (value, place) if panel.is_list else (place, value)


def _draw_ours(
    axes: Axes, panel: Panel, line: Line, shift: float, color: str, marker: str
) -> None:
    factor = panel.metric.factor
    middles = []
    for place, arm in line.arms:
        if place is None or not arm.seeds:
            continue
        for value in arm.seeds.values():
            at = _turned(panel, place + shift, factor * value)
            axes.plot(*at, ".", color=color, alpha=0.5, markersize=5, zorder=2)
        at = _turned(panel, place + shift, factor * arm.value.mean)
        middles.append(at)
        if panel.is_list and arm.is_baseline:
            axes.axvline(at[0], color=color, linestyle="--", linewidth=1.0)
        errors = _errors(panel.metric, arm)
        bars = {"xerr" if panel.is_list else "yerr": errors}
        axes.errorbar(*at, **bars, fmt=marker, color=color, markersize=5, zorder=3)  # type: ignore[arg-type]
    if not panel.is_list:
        axes.plot(*_columns(middles), color=color, linewidth=1.0, zorder=2)


def _errors(metric: Metric, arm: ArmSummary) -> list[list[float]] | None:
    # Student's t for 2 runs is 3 times that for 3: it would fill the panel.
    if arm.value.count < FEWEST_RUNS:
        return None
    low, high = metric.bounds(arm.value)
    mean = arm.value.mean
    # A mean of ones is above 1 by a rounding error.
    return [
        [metric.factor * max(mean - low, 0.0)],
        [metric.factor * max(high - mean, 0.0)],
    ]


def _columns(places: Sequence[Place]) -> tuple[list[float], list[float]]:
    return [x for x, _ in places], [y for _, y in places]


def _draw_published(
    axes: Axes, panel: Panel, line: Line, shift: float, color: str
) -> None:
    factor, middles = panel.metric.factor, []
    # Beside our point where both are in one panel.
    side = 0.3 if panel.is_list else 0.08 * _gap(panel.ticks)
    shift += side if panel.source == "both" else 0.0
    for place, arm in line.arms:
        # Of several, the first: the others are of another choice of the epoch.
        for number in arm.published[:1] if place is not None else ():
            at = _turned(panel, (place or 0.0) + shift, factor * number["value"])
            middles.append(at)
            spread = number.get("spread")
            error = None if spread is None else factor * spread
            axes.errorbar(
                *at,
                **{"xerr" if panel.is_list else "yerr": error},  # type: ignore[arg-type]
                fmt="D",
                fillstyle="none",
                color=color,
                markersize=5.5,
            )
    if not panel.is_list:
        axes.plot(*_columns(middles), ":", color=color, linewidth=1.0)


def _draw_constant(
    axes: Axes, panel: Panel, line: Line, palette: Palette
) -> dict[str, Line2D]:
    factor, handles = panel.metric.factor, {}
    for number, (_, arm) in enumerate(line.arms):
        baseline = arm.is_baseline
        color = palette.ink if baseline else palette.color(line.index + number)
        if panel.source != "paper" and arm.seeds:
            axes.axhline(factor * arm.value.mean, color=color, linestyle="--")
            handles[arm.arm] = Line2D([], [], color=color, linestyle="--")
            low, high = panel.metric.bounds(arm.value)
            if baseline and arm.value.count >= FEWEST_RUNS:
                axes.axhspan(factor * low, factor * high, color=color, alpha=0.08, lw=0)
        if panel.source != "ours":
            for published in arm.published[:1]:
                axes.axhline(factor * published["value"], color=color, linestyle=":")
                name = f"{arm.arm}, published"
                name = arm.arm if panel.source == "paper" else name
                handles[name] = Line2D([], [], color=color, linestyle=":")
    return handles


def _label(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left")
    places = [place for place, _ in panel.ticks]
    names = [name for _, name in panel.ticks]
    if panel.is_list:
        axes.set_yticks(places, names)
        axes.set_ylim(min(places) - 0.6, max(places) + 0.6)
        axes.set_xlabel(panel.metric.axis)
    else:
        axes.set_xticks(places, names)
        gap = _gap(panel.ticks)
        if places:
            axes.set_xlim(min(places) - 0.4 * gap, max(places) + 0.4 * gap)
        axes.set_xlabel(panel.x.replace("_", " "))
        axes.set_ylabel(panel.metric.axis)
    _style.tidy_axes(axes, "x" if panel.is_list else "y")


def _limit(axes: Axes, panel: Panel) -> None:
    """Give the panels of a group the same range."""
    factor, shown = panel.metric.factor, []
    for arm in panel.group:
        if panel.source != "paper":
            shown += list(arm.seeds.values())
            if arm.value.count >= FEWEST_RUNS:
                shown += panel.metric.bounds(arm.value)
        if panel.source != "ours":
            for number in arm.published[:1]:
                spread = number.get("spread") or 0.0
                shown += [number["value"] - spread, number["value"] + spread]
    if not shown:
        return
    low, high = factor * min(shown), factor * max(shown)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    limit = axes.set_xlim if panel.is_list else axes.set_ylim
    limit(low - margin, high + margin)


def legend(
    figure: Figure, handles: Mapping[str, Line2D], columns: int, fewest: int = 2
) -> None:
    """Put the names of the lines below, if there are enough of them."""
    if len(handles) >= fewest or (handles and "published" in handles):
        # matplotlib leaves out names that begin with an underscore.
        names = [f" {n}" if n.startswith("_") else n for n in handles]
        names = [shortened(name) for name in names]
        figure.legend(
            list(handles.values()), names, loc="outside lower left", ncols=columns
        )


def panel_svg(panel: Panel, name: str) -> str:
    """Draw one panel for the page."""
    with _style.options(_style.PAGE):
        figure = Figure(figsize=(4.1, panel.height), layout="constrained")
        handles = draw(figure.subplots(), panel, _style.PAGE)
        legend(figure, handles, 2)
        return _style.inline_svg(figure, name, panel.label)


def figure(
    manifest: Mapping[str, Any],
    records: Sequence[Record],
    file: Path | str,
    metric: str | None = None,
) -> Path:
    """Draw the paper's figure from our numbers, as PNG, SVG or PDF.

    The arms' value `x` of the description is along the horizontal axis, one line per
    value of `series`, a panel per group; without an `x`, the arms are listed. Small
    dots are runs, large ones means, with 95 % intervals (Student's t) from 3 runs on,
    hollow diamonds published numbers, with their standard deviation.

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
        file: Image to write; its suffix names the format.
        metric: Name of a metric; the study's headline by default.
    """
    file = Path(file)
    summaries = summarize(manifest, records, metric)
    run, metrics = Run(manifest, records), Metric(metric or _headline(manifest))
    with _style.options(PAPER), replacing(file) as draft:
        if manifest["description"].get("profile"):
            whole = profile(manifest, records, metric)
            papers = published_profile(manifest, metric)
            image = profile_drawing.compose(whole, papers) if whole else _compose([])
        else:
            image = _compose(panels(manifest, summaries))
        title = manifest["description"].get("title") or manifest["study"]
        image.suptitle(f"{title}\n{metrics.label}; {run.progress}", fontsize=10)
        kind = file.suffix.removeprefix(".") or "png"
        image.savefig(draft, format=kind, dpi=150)
    return file


def _headline(manifest: Mapping[str, Any]) -> str:
    return str(manifest["description"]["metric"])


def _compose(parts: Sequence[Panel]) -> Figure:
    if not parts:
        image = Figure(figsize=(5, 2), layout="constrained")
        image.text(0.5, 0.4, "Nothing to draw yet.", ha="center")
        return image
    pairs = any(panel.source == "paper" for panel in parts)
    columns = min(len(parts), 2 if pairs else 3)
    count = math.ceil(len(parts) / columns)
    rows = [parts[i * columns : (i + 1) * columns] for i in range(count)]
    heights = [max(panel.height for panel in row) for row in rows]
    size = (max(4.4 * columns, 5.5), sum(heights) + 0.6)
    image = Figure(figsize=size, layout="constrained")
    grid = image.subplots(count, columns, squeeze=False, height_ratios=heights)
    handles: dict[str, Line2D] = {}
    for axes, panel in zip(grid.flat, parts, strict=False):
        handles = draw(axes, panel, PAPER) | handles
    _hide(grid.flat[len(parts) :])
    legend(image, handles, max(2, 2 * columns))
    return image


def _hide(axes: Iterable[Axes]) -> None:
    for unused in axes:
        unused.set_visible(False)
