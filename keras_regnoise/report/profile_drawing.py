"""Draws profiles and wins, ours above the paper's."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise.report import _style
from keras_regnoise.report._style import MARKERS, PAGE, PAPER, Palette
from keras_regnoise.report.profile import Profile

_LOWEST = 0.9
_RATIOS = np.linspace(1.0, _LOWEST, 201)


def compose(
    ours: Profile, papers: Profile | None = None, palette: Palette = PAPER
) -> Figure:
    """Draw a row of panels: one for every kind of options, and one of wins."""
    rows = [("This run", ours)] + ([("The paper", papers)] if papers else [])
    columns = len(ours.kinds) + 1
    size = (2.9 * columns, 2.8 * len(rows) + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for panels, (source, profile) in zip(grid, rows, strict=True):
        for axes, kind in zip(panels, profile.kinds, strict=False):
            _draw_profile(axes, profile, kind, palette)
            axes.set_title(f"{source}: {kind}", loc="left")
        _draw_wins(panels[-1], profile, palette)
        panels[-1].set_title(f"{source}: wins", loc="left")
    handles = [
        Line2D([], [], color=palette.color(i), marker=_marker(i), label=option)
        for i, option in enumerate(ours.options)
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=4)
    return figure


def _marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]


def _draw_profile(axes: Axes, profile: Profile, kind: str, palette: Palette) -> None:
    for i, option in enumerate(profile.options):
        if (kind, option) in profile.errors:
            share = profile.share((kind, option), _RATIOS)
            axes.plot(_RATIOS, share, color=palette.color(i))
    axes.set_xlim(1.0, _LOWEST)  # reversed, as in the paper
    axes.set_ylim(0.0, 1.03)
    axes.set_xlabel("accuracy relative to the best")
    axes.set_ylabel("share of problems")
    _style.tidy_axes(axes)


def _draw_wins(axes: Axes, profile: Profile, palette: Palette) -> None:
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
    _style.tidy_axes(axes)


def profile_svg(ours: Profile, papers: Profile | None, name: str) -> str:
    """Draw for the page."""
    with _style.options(PAGE):
        label = (
            f"Dolan-Moré profiles over {len(ours.problems)} problems within "
            f"{', '.join(ours.kinds)}, and wins. Numbers: see table."
        )
        return _style.inline_svg(compose(ours, papers, PAGE), name, label)
