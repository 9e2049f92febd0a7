"""Draws a profile, and the wins beside the paper's."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise.report import _style
from keras_regnoise.report._style import MARKERS, PAGE, PAPER, Palette
from keras_regnoise.report.profile import Profile

_LOWEST = 0.9
_RATIOS = np.linspace(1.0, _LOWEST, 201)


def compose(profile: Profile, palette: Palette = PAPER) -> Figure:
    """Draw a panel for every kind of options, and one of wins."""
    kinds = profile.kinds
    options = list(dict.fromkeys(option for _, option in profile.errors))
    columns = len(kinds) + 1
    size = (2.9 * columns, 3.0) if palette is PAPER else (3.6, 2.7 * columns)
    figure = Figure(figsize=size, layout="constrained")
    shape = (1, columns) if palette is PAPER else (columns, 1)
    panels = figure.subplots(*shape, squeeze=False).flat
    for kind, axes in zip(kinds, panels, strict=False):
        _draw_profile(axes, profile, kind, options, palette)
    _draw_wins(panels[columns - 1], profile, options, palette)
    handles = [
        Line2D([], [], color=palette.color(i), marker=MARKERS[i], label=option)
        for i, option in enumerate(options)
    ]
    if profile.wins:
        handles.append(
            Line2D(
                [],
                [],
                color=palette.ink,
                marker="D",
                fillstyle="none",
                linestyle="none",
                label="published",
            )
        )
    figure.legend(handles=handles, loc="outside lower left", ncols=4)
    return figure


def _draw_profile(
    axes: Axes, profile: Profile, kind: str, options: list[str], palette: Palette
) -> None:
    for i, option in enumerate(options):
        if (kind, option) in profile.errors:
            share = profile.share((kind, option), _RATIOS)
            axes.plot(_RATIOS, share, color=palette.color(i))
    axes.set_xlim(1.0, _LOWEST)  # reversed, as in the paper
    axes.set_ylim(0.0, 1.03)
    axes.set_title(kind, loc="left")
    axes.set_xlabel("accuracy relative to the best")
    axes.set_ylabel("share of problems")
    _style.tidy_axes(axes)


def _draw_wins(
    axes: Axes, profile: Profile, options: list[str], palette: Palette
) -> None:
    for line in profile.table():
        index = options.index(line.option)
        place = profile.kinds.index(line.within) + 0.2 * (
            index - (len(options) - 1) / 2
        )
        color = palette.color(index)
        if line.problems:
            axes.plot(place, line.count / line.problems, MARKERS[index], color=color)
        if line.published is not None and line.published_problems:
            axes.plot(
                place,
                line.published / line.published_problems,
                "D",
                fillstyle="none",
                color=color,
                markersize=7,
            )
    axes.set_xticks(range(len(profile.kinds)), profile.kinds)
    axes.set_xlim(-0.5, len(profile.kinds) - 0.5)
    axes.set_ylim(-0.04, 1.04)
    axes.set_title("Wins", loc="left")
    axes.set_ylabel("share of problems won")
    _style.tidy_axes(axes)


def profile_svg(profile: Profile, name: str) -> str:
    """Draw for the page."""
    with _style.options(PAGE):
        label = (
            f"Dolan-Moré profiles over {len(profile.problems)} problems within "
            f"{', '.join(profile.kinds)}, and wins. Numbers: see table."
        )
        return _style.inline_svg(compose(profile, PAGE), name, label)
