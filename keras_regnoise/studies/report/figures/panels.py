"""What is in the panels of the paper's figure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Value

Source = Literal["ours", "paper", "both"]
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


def panels(run: Run, arms: Sequence[ArmSummary]) -> list[Panel]:
    """Divide arms into panels: by group, and by line where there are many.

    The paper's numbers are in our panel at the paper's scale, and in one of their own
    at others, where the levels are not to be compared. Groups that are the places of
    an axis, one each, are one panel.
    """
    x = run.description.x
    by_group: dict[str, list[ArmSummary]] = {}
    for arm in arms:
        by_group.setdefault(arm.group, []).append(arm)
    if x and _are_places(by_group.values(), x):
        by_group = {"": list(arms)}
    names: dict[str, int] = {}
    result = []
    for group, members in by_group.items():
        if x:
            ticks, lines = _lines(members, x, run.description.series, names)
        else:
            ticks, lines = _list(members)
        for title, part in _split(group, lines, bool(x)):
            template = Panel(
                tuple(members), title, "ours", Metric(arms[0].metric), part, ticks, x
            )
            result += _sources(template, run.scale)
    return result


def _are_places(groups: Collection[Sequence[ArmSummary]], x: str) -> bool:
    places = [{arm.values.get(x) for arm in members} for members in groups]
    alone = all(len(place) == 1 for place in places)
    return alone and 1 < len(places) == len(set().union(*places))


def _lines(
    arms: Sequence[ArmSummary], x: str, series: str, names: dict[str, int]
) -> tuple[tuple[tuple[float, str], ...], list[Line]]:
    on_axis = {
        (arm.group, arm.arm): arm.values[x]
        for arm in arms
        if _has_place(arm, arms, x, series)
    }
    positions = _positions(list(on_axis.values()))
    lines: dict[str, list[tuple[float | None, ArmSummary]]] = {}
    for arm in arms:
        key = arm.group, arm.arm
        named = key in on_axis and series in arm.values
        # Without a series, all points are of one line.
        one = "this run" if key in on_axis and not series else arm.arm
        name = str(arm.values[series]) if named else one
        if named or not arm.is_baseline:
            names.setdefault(name, len(names))
        place = positions[on_axis[key]] if key in on_axis else None
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


def _positions(values: Sequence[Value]) -> dict[Value, float]:
    """Put numbers to scale, unless some would be on top of each other."""
    unique = list(dict.fromkeys(values))
    numbers = sorted(
        v for v in unique if isinstance(v, int | float) and not isinstance(v, bool)
    )
    if len(numbers) < len(unique):
        return {value: float(i) for i, value in enumerate(unique)}
    gaps = [high - low for low, high in pairwise(numbers)]
    if gaps and sum(gaps) / min(gaps) > 10:
        return {value: float(i) for i, value in enumerate(numbers)}
    return {value: float(value) for value in numbers}


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
        others = {n.of for arm in arms for n in arm.published if n.of}
        if source == "paper" and len(others) == 1:
            title = f"The paper: {others.pop()}"
        return replace(panel, source=source, title=title if papers else panel.title)

    elsewhere = any(n.of for arm in arms for n in arm.published)
    if ours and papers and scale == "paper" and not elsewhere:
        return [of("both")]
    return ([of("ours")] if ours else []) + ([of("paper")] if papers else [])
