"""Draws profiles and wins, ours above the paper's."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise._figures import LIGHT, MARKERS, Palette, grid_lines, style
from keras_regnoise.studies.report.figures.svg import PAGE, inline_svg
from keras_regnoise.studies.report.standings import Standings

_LOWEST = 0.9
_RATIOS = np.linspace(1.0, _LOWEST, 201)


Panel = tuple[str, Standings, str]


def compose(ours: Standings, papers: Standings | None = None) -> Figure:
    """Draw a row of panels: one for every kind of options, and one of wins."""
    rows = [list(_panels("This run", ours))]
    rows += [list(_papers(ours, papers))] if papers else []
    columns = max(map(len, rows))
    size = (2.9 * columns, 2.8 * len(rows) + 0.4)
    figure = Figure(figsize=size)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for places, panels in zip(grid, rows, strict=True):
        for axes, panel in zip(places, panels, strict=False):
            _draw(axes, panel, LIGHT)
        for unused in places[len(panels) :]:
            unused.set_visible(False)
    _legend(figure, ours, LIGHT)
    return figure


def profile_svgs(ours: Standings, papers: Standings | None, name: str) -> Iterator[str]:
    """Draw every panel by itself, for the page."""
    panels = [*_panels("This run", ours)]
    panels += _papers(ours, papers) if papers else []
    for number, panel in enumerate(panels):
        with style(PAGE):
            figure = Figure(figsize=(3.4, 2.7))
            _draw(figure.subplots(), panel, PAGE)
            _legend(figure, panel[1], PAGE)
            source, profile, kind = panel
            what = f"Dolan-Moré profile within {kind}" if kind else "wins"
            count = len(profile.problems)
            label = f"{source}: {what}, over {count} problems. Numbers: see table."
            yield inline_svg(figure, f"{name}{number}", label)


def _panels(source: str, profile: Standings) -> Iterator[Panel]:
    """Name the panels of a profile; that of the wins has no kind."""
    for kind in (*(profile.kinds if profile.are_shares else ()), ""):
        yield source, profile, kind


def _papers(ours: Standings, papers: Standings) -> Iterator[Panel]:
    """Name the paper's panels of the kinds that we have: a run may be a part."""
    return _panels("The paper", papers.of_kinds(ours.kinds))


def _draw(axes: Axes, panel: Panel, palette: Palette) -> None:
    source, profile, kind = panel
    if kind:
        _draw_profile(axes, profile, kind, palette)
    else:
        _draw_wins(axes, profile, palette)
    axes.set_title(f"{source}: {kind or 'wins'}", loc="left")


def _legend(figure: Figure, profile: Standings, palette: Palette) -> None:
    handles = [
        Line2D([], [], color=palette.color(i), marker=_marker(i), label=option)
        for i, option in enumerate(profile.options)
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=4)


def _marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]


def _draw_profile(axes: Axes, profile: Standings, kind: str, palette: Palette) -> None:
    for i, option in enumerate(profile.options):
        if (kind, option) in profile.errors:
            share = profile.share((kind, option), _RATIOS)
            axes.plot(_RATIOS, share, color=palette.color(i))
    axes.set_xlim(1.0, _LOWEST)  # reversed, as in the paper
    axes.set_ylim(0.0, 1.03)
    axes.set_xlabel("accuracy relative to the best")
    axes.set_ylabel("share of problems")
    grid_lines(axes)


def _draw_wins(axes: Axes, profile: Standings, palette: Palette) -> None:
    kinds, options = profile.kinds, profile.options
    for line in profile.table():
        index = options.index(line.option)
        beside = 0.2 * (index - (len(options) - 1) / 2)
        place = kinds.index(line.within) + beside
        if line.problems:
            share = line.count / line.problems
            axes.plot(place, share, _marker(index), color=palette.color(index))
    axes.set_xticks(range(len(kinds)), kinds)
    axes.set_xlim(-0.5, len(kinds) - 0.5)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("share of problems won")
    grid_lines(axes)
