"""Draws a tuning: what each noise adds to none, over its rate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from keras_regnoise._figures import LIGHT, MARKERS, Palette, grid_lines, style
from keras_regnoise._race.decide import Standing
from keras_regnoise._race.words import kind_words
from keras_regnoise.studies.report.figures.drawing import legend
from keras_regnoise.studies.report.figures.svg import PAGE, inline_svg
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.summary import ArmSummary

_RATE, _KIND = "noise_rate", "noise"
_MEASURED = "the winner, on fresh seeds"
_WIDTH = 46  # of a title in letters


@dataclass(frozen=True)
class RatePanel:
    """One place of the noise.

    Attributes:
        title: The place, in words; of places that are one, all.
        lines: By kind of noise its arms, by rate.
        kinds: All kinds of the figure, whose colors are the same in all panels.
        baseline: Name of the arm without noise.
    """

    title: str
    lines: dict[str, list[ArmSummary]]
    kinds: tuple[str, ...]
    baseline: str

    @property
    def arms(self) -> list[ArmSummary]:
        return [arm for line in self.lines.values() for arm in line]

    @property
    def metric(self) -> Metric:
        return Metric(self.arms[0].metric)


def rate_panels(arms: Sequence[ArmSummary]) -> list[RatePanel]:
    """Divide the arms of a tuning by the place of their noise; none without a rate."""
    noisy = [arm for arm in arms if _RATE in arm.values]
    kinds = tuple(dict.fromkeys(_kind(arm) for arm in noisy))
    baseline = next((arm.arm for arm in arms if arm.is_baseline), "")
    panels: dict[str, dict[str, list[ArmSummary]]] = {}
    for arm in noisy:
        lines = panels.setdefault(_place(arm), {})
        lines.setdefault(_kind(arm), []).append(arm)
    return [RatePanel(title, lines, kinds, baseline) for title, lines in panels.items()]


def _kind(arm: ArmSummary) -> str:
    return kind_words(arm.values[_KIND])


def _place(arm: ArmSummary) -> str:
    """Return what an arm's name has behind its kind and rate."""
    return arm.arm.removeprefix(f"{_kind(arm)} {arm.values[_RATE]} ")


def draw_rates(
    axes: Axes, panel: RatePanel, palette: Palette, race: Standing | None, sign: float
) -> dict[str, Line2D]:
    """Draw a panel; returns the handles of its legend by name.

    Args:
        axes: Where.
        panel: What.
        palette: Its colors.
        race: The race; what its winner was measured to be is drawn as a diamond.
        sign: -1 if less of the metric is better, as the race has it the other way.
    """
    handles: dict[str, Line2D] = {}
    rates = sorted({_rate(arm) for arm in panel.arms})
    gap = min((b - a for a, b in pairwise(rates)), default=0.1)
    for kind, arms in panel.lines.items():
        index = panel.kinds.index(kind)
        shift = 0.06 * gap * (index - (len(panel.kinds) - 1) / 2)
        color, marker = palette.color(index), MARKERS[index % len(MARKERS)]
        _draw_line(axes, arms, shift, color, marker)
        handles[kind] = Line2D([], [], color=color, marker=marker)
        for arm in arms:
            if race and race.measured and race.leader == arm.arm:
                place = _rate(arm) + shift + 0.12 * gap
                _draw_winner(axes, place, panel.metric.factor, race, sign, color)
                hollow = Line2D([], [], color=color, marker="D", fillstyle="none")
                handles[_MEASURED] = hollow
    axes.axhline(0.0, color=palette.ink, linestyle="--", linewidth=1.0)
    axes.set_xticks(rates)
    axes.set_xlim(rates[0] - 0.5 * gap, rates[-1] + 0.5 * gap)
    axes.set_xlabel("rate")
    amount = "points" if panel.metric.percent else "less is better"
    axes.set_ylabel(f"difference to {panel.baseline}, {amount}")
    axes.set_title(_wrapped(panel.title), loc="left")
    grid_lines(axes)
    return handles


def _rate(arm: ArmSummary) -> float:
    return float(arm.values[_RATE])


def _draw_line(
    axes: Axes, arms: Sequence[ArmSummary], shift: float, color: str, marker: str
) -> None:
    compared = [(_rate(arm) + shift, arm.difference) for arm in arms if arm.difference]
    factor = Metric(arms[0].metric).factor
    axes.errorbar(
        [place for place, _ in compared],
        [factor * difference.mean for _, difference in compared],
        [factor * d.half_width if d.enough else 0.0 for _, d in compared],
        color=color,
        marker=marker,
        markersize=5,
    )


def _draw_winner(
    axes: Axes, place: float, factor: float, race: Standing, sign: float, color: str
) -> None:
    found = race.difference
    axes.errorbar(
        place,
        sign * factor * found.mean,
        factor * found.half_width(race.level),
        color=color,
        marker="D",
        fillstyle="none",
    )


def _wrapped(title: str) -> str:
    lines = [""]
    for part in title.split(" = "):
        text = f"{lines[-1]} = {part}" if lines[-1] else part
        if len(text) <= _WIDTH or not lines[-1]:
            lines[-1] = text
        else:
            lines[-1] += " ="
            lines.append(part)
    return "\n".join(lines)


def compose(panels: Sequence[RatePanel], race: Standing | None, sign: float) -> Figure:
    """Draw all panels side by side, three in a row, with one range of differences."""
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(max(3.6 * columns, 4.4), 3.0 * rows + 0.5))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    places, handles = list(grid.flat), dict[str, Line2D]()
    for axes, panel in zip(places, panels, strict=False):
        handles |= draw_rates(axes, panel, LIGHT, race, sign)
    for unused in places[len(panels) :]:
        unused.set_visible(False)
    measured = handles.pop(_MEASURED, None)
    handles |= {_MEASURED: measured} if measured else {}
    legend(figure, handles, 3, 1)
    return figure


def rate_svgs(
    panels: Sequence[RatePanel], race: Standing | None, sign: float
) -> Iterator[str]:
    """Draw every panel by itself, for the page."""
    for number, panel in enumerate(panels):
        label = (
            f"Difference to {panel.baseline} of {', '.join(panel.lines)} by rate, "
            f"{panel.title}. Numbers: see table."
        )
        with style(PAGE):
            figure = Figure(figsize=(4.1, 3.2))
            handles = draw_rates(figure.subplots(), panel, PAGE, race, sign)
            legend(figure, handles, 2, 1)
            yield inline_svg(figure, f"rate{number}", label)
