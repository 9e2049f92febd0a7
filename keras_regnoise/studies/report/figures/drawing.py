"""Draws panels of the paper's figure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from keras_regnoise._figures import MARKERS, Palette, grid_lines, style
from keras_regnoise.studies.report.figures.panels import Line, Panel, shortened
from keras_regnoise.studies.report.figures.svg import PAGE, inline_svg
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.summary import ArmSummary

Place = tuple[float, float]


def draw(axes: Axes, panel: Panel, palette: Palette) -> dict[str, Line2D]:
    """Draw a panel; returns the handles of its legend by name."""
    handles: dict[str, Line2D] = {}
    moving = [line for line in panel.lines if not line.is_constant]
    step = 0.0 if panel.is_list else 0.05 * _gap(panel.ticks)
    for line in panel.lines:
        color, marker, dashes = look = _look(line.index, palette)
        if line.is_constant:
            handles |= _draw_constant(axes, panel, line, palette)
            continue
        shift = step * (moving.index(line) - (len(moving) - 1) / 2)
        if panel.source == "paper" and not any(a.published for _, a in line.arms):
            continue
        if panel.source != "paper":
            _draw_ours(axes, panel, line, shift, look)
        if panel.source != "ours":
            _draw_published(axes, panel, line, shift, color)
        style = {"marker": "D", "fillstyle": "none"} if panel.source == "paper" else {}
        style = {"marker": marker, "linestyle": dashes, **style}
        handles[line.name] = Line2D([], [], color=color, **style)  # type: ignore[arg-type]
    if panel.source == "both":
        handles["published"] = Line2D(
            [], [], color=palette.ink, marker="D", fillstyle="none", linestyle="none"
        )
    _label(axes, panel)
    _limit(axes, panel)
    return {} if panel.is_list and panel.source != "both" else handles


def _look(index: int, palette: Palette) -> tuple[str, str, str]:
    """Return color, marker and dashes; where colors begin anew, the others differ."""
    again = index // len(palette.series)
    marker = MARKERS[(index + again) % len(MARKERS)]
    return palette.color(index), marker, ("-", "-.")[again % 2]


def _gap(ticks: Sequence[tuple[float, str]]) -> float:
    places = [place for place, _ in ticks]
    gaps = [b - a for a, b in pairwise(places)]
    return min(gaps, default=1.0)


def _turned(panel: Panel, place: float, value: float) -> Place:
    """Return x and y: a list has its values along x."""
    return (value, place) if panel.is_list else (place, value)


def _draw_ours(
    axes: Axes, panel: Panel, line: Line, shift: float, look: tuple[str, str, str]
) -> None:
    color, marker, dashes = look
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
        axes.plot(*_columns(middles), dashes, color=color, linewidth=1.0, zorder=2)


def _errors(metric: Metric, arm: ArmSummary) -> list[list[float]] | None:
    # Student's t for 2 runs is 3 times that for 3: it would fill the panel.
    if not arm.value.enough:
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
            at = _turned(panel, (place or 0.0) + shift, factor * number.value)
            middles.append(at)
            spread = number.spread
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
            if baseline and arm.value.enough:
                axes.axhspan(factor * low, factor * high, color=color, alpha=0.08, lw=0)
        if panel.source != "ours":
            for published in arm.published[:1]:
                axes.axhline(factor * published.value, color=color, linestyle=":")
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
        axes.xaxis.set_major_locator(MaxNLocator(5))  # numbers of many digits
        axes.set_xlabel(panel.metric.axis)
    else:
        axes.set_xticks(places, names)
        gap = _gap(panel.ticks)
        if places:
            axes.set_xlim(min(places) - 0.4 * gap, max(places) + 0.4 * gap)
        axes.set_xlabel(panel.x.replace("_", " "))
        axes.set_ylabel(panel.metric.axis)
    grid_lines(axes, "x" if panel.is_list else "y")


def _limit(axes: Axes, panel: Panel) -> None:
    """Give the panels of a group the same range."""
    factor, shown = panel.metric.factor, []
    for arm in panel.group:
        if panel.source != "paper":
            shown += list(arm.seeds.values())
            if arm.value.enough:
                shown += panel.metric.bounds(arm.value)
        if panel.source != "ours":
            for number in arm.published[:1]:
                spread = number.spread or 0.0
                shown += [number.value - spread, number.value + spread]
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
    with style(PAGE):
        figure = Figure(figsize=(4.1, panel.height))
        handles = draw(figure.subplots(), panel, PAGE)
        legend(figure, handles, 2)
        return inline_svg(figure, name, panel.label)
