"""The columns of a table, for the terminal, the page and CSV alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from keras_regnoise.studies.report.comparison import ArmComparison
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import (
    AVERAGE,
    BEST,
    LAST,
    NOTHING,
    SELECTED,
    Metric,
)
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Scalar
from keras_regnoise.studies.study import Published

L = TypeVar("L", ArmSummary, ArmComparison)
Numbers = dict[str, Scalar]
_PUBLISHED = {
    "published": "value",
    "published_metric": "metric",
    "published_sd": "spread",
    "published_n": "n",
    "published_of": "of",
}
_BRIEFLY = {BEST: "best", AVERAGE: "mean", SELECTED: "chosen"}


@dataclass(frozen=True)
class Column(Generic[L]):
    """One column.

    Attributes:
        head: What is above it.
        text: What people read.
        numbers: What CSV has in its place.
        words: Whether it is text, which may wrap.
        wide: Whether it is left out where there is little room.
    """

    head: str
    text: Callable[[L], str]
    numbers: Callable[[L], Numbers]
    words: bool = False
    wide: bool = False


def arm_columns(
    arms: Sequence[ArmSummary], baseline: str, timed: bool = False
) -> list[Column[ArmSummary]]:
    """Return the columns of a run: first the one that answers.

    Those of intervals and of published numbers are left out where there are none.

    Args:
        arms: The lines.
        baseline: Name of the arm with which the others are compared.
        timed: Whether the cost of an arm is of interest, as in a tuning.
    """
    enough = any(arm.value.enough for arm in arms)
    columns: list[Column[ArmSummary]] = [
        Column(
            f"vs {baseline}",
            lambda arm: paired(Metric(arm.metric), arm.difference, arm.value.count),
            lambda arm: _pairs(arm.difference),
        ),
        Column(
            "mean ± sd" if enough else "mean",
            lambda arm: spread(Metric(arm.metric), arm.value),
            lambda arm: _interval("mean", arm.value),
        ),
        Column(
            "n",
            runs,
            lambda arm: {
                "n": arm.value.count,
                "planned": arm.planned,
                "failed": arm.failed,
                "not_finite": arm.not_finite,
            },
        ),
    ]
    if enough:
        columns.append(
            Column(
                "95 % interval",
                lambda arm: ends(Metric(arm.metric), arm.value),
                lambda arm: {},  # half its width is beside the mean
                wide=True,
            )
        )
    if timed:
        columns.append(
            Column(
                "seconds",
                lambda arm: f"{arm.seconds:.1f}" if arm.seconds == arm.seconds else "",
                lambda arm: {"seconds": arm.seconds},
            )
        )
    if any(arm.published for arm in arms):
        columns += [
            Column(
                "published",
                lambda arm: "; ".join(map(published, arm.published)),
                _published_numbers,
                words=True,
            ),
            Column(
                "verdict",
                lambda arm: arm.verdict,
                lambda arm: {"verdict": arm.verdict},
                words=True,
            ),
        ]
    return columns


def comparison_columns() -> list[Column[ArmComparison]]:
    """Return the columns of two runs."""
    return [
        Column(
            "B - A",
            lambda arm: paired(
                Metric(arm.metric), arm.difference, min(arm.a.count, arm.b.count)
            ),
            lambda arm: _pairs(arm.difference),
        ),
        Column(
            "A",
            lambda arm: spread(Metric(arm.metric), arm.a),
            lambda arm: _interval("a", arm.a),
        ),
        Column("n", lambda arm: str(arm.a.count), lambda arm: {"n_a": arm.a.count}),
        Column(
            "B",
            lambda arm: spread(Metric(arm.metric), arm.b),
            lambda arm: _interval("b", arm.b),
        ),
        Column("n", lambda arm: str(arm.b.count), lambda arm: {"n_b": arm.b.count}),
        Column(
            "verdict",
            lambda arm: arm.verdict,
            lambda arm: {"verdict": arm.verdict, "differs": "; ".join(arm.differs)},
            words=True,
        ),
    ]


def spread(metric: Metric, interval: Interval) -> str:
    """Format mean and standard deviation, without the latter for few runs."""
    mean = metric.number(interval.mean)
    return f"{mean} ± {metric.number(interval.deviation)}" if interval.enough else mean


def runs(arm: ArmSummary) -> str:
    """Format the number of runs, with the planned one where they differ."""
    count = arm.value.count
    text = str(count) if count == arm.planned else f"{count} of {arm.planned}"
    return f"{text}, {arm.failed} failed" if arm.failed else text


def ends(metric: Metric, interval: Interval) -> str:
    """Format an interval of levels; there is none for few runs."""
    if not interval.enough:
        return NOTHING
    return " to ".join(map(metric.number, metric.bounds(interval)))


def paired(metric: Metric, difference: Interval | None, runs: int) -> str:
    """Format a paired difference; with the pairs, if they are fewer than the runs."""
    if difference is None:
        return ""
    text = metric.signed(difference.mean)
    if difference.enough:
        text += f" ± {metric.number(difference.half_width)}"
    if difference.count == runs:
        return text
    return f"{text} ({difference.count} {'pair' if difference.count == 1 else 'pairs'})"


def published(number: Published) -> str:
    """Format a number of the paper, its spread, and its n in parentheses."""
    metric = Metric(number.metric)
    text = metric.number(number.value)
    if number.spread is not None:
        text += f" ± {metric.number(number.spread)}"
    if number.n is not None:
        text += f" ({number.n})"
    return text if metric.epoch == LAST else f"{text} {_BRIEFLY[metric.epoch]}"


def _published_numbers(arm: ArmSummary) -> Numbers:
    numbers = arm.published[:1] or (None,)
    return {
        head: getattr(number, name, None)
        for number in numbers
        for head, name in _PUBLISHED.items()
    }


def _interval(name: str, interval: Interval | None) -> Numbers:
    interval = interval or Interval.of([])
    return {
        name: interval.mean,
        f"{name}_sd": interval.deviation,
        f"{name}_half_width": interval.half_width,
    }


def _pairs(difference: Interval | None) -> Numbers:
    pairs = difference.count if difference else 0
    return {**_interval("difference", difference), "pairs": pairs}
