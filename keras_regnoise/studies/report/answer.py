"""What a run has found out, in a sentence."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from keras_regnoise._race.words import sentence
from keras_regnoise.studies.direction import direction_of
from keras_regnoise.studies.race import measured_by, standing_of
from keras_regnoise.studies.report.interval import FEWEST, Interval
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Run

_ALPHA = 0.05
_MOST_GROUPS = 3
_MOST_NAMES = 3


class _Contrast(NamedTuple):
    group: str
    arm: str
    baseline: str
    difference: Interval | None


@dataclass(frozen=True)
class _Words:
    """How differences are spoken of."""

    metric: Metric
    amount: str
    kind: str
    sample: str
    better: str
    worse: str
    less_is_better: bool
    without: str

    def nothing(self, runs: str, baseline: str) -> str:
        samples = self.sample if runs == "1" else f"{self.sample}s"
        return (
            f"with {runs} {samples}, no {self.kind} is distinguishable from {baseline}"
        )

    def by(self, difference: Interval) -> str:
        size = self.metric.number(abs(difference.mean))
        half = self.metric.number(difference.half_width)
        return f"by {size} ± {half} {self.amount} ({difference.count} {self.sample}s)"

    def is_better(self, difference: Interval) -> bool:
        return (difference.mean < 0) == self.less_is_better


def answer(arms: Sequence[ArmSummary], run: Run) -> str:
    """Say which arms are better or worse than the baseline, and by how much.

    An arm is distinguishable if it has at least 3 pairs of seeds and the paired
    t-test rejects at 0.05 after Holm's correction for the number of arms of the whole
    run. One whose own 95 % interval leaves 0 out, but which does not stand the
    correction, is named as such. A study of options over many problems is answered by
    the differences of their errors over the problems. A race is answered by the
    measurement of its winner, see `keras_regnoise.tuning.race`.

    Args:
        arms: What `summarize` returns.
        run: The run.
    """
    run = readable(run)
    if standing := standing_of(run):
        metric = Metric(measured_by(run))
        amount = "points" if metric.percent else f"in {metric.words}"
        return sentence(standing, amount, metric.factor)
    if run.description.profile:
        contrasts, words = _over_problems(arms, run)
    else:
        contrasts, words = _over_seeds(arms, run)
    start = "" if run.complete else "So far: "
    text = _text(contrasts, words)
    return start + (text if start or not _ours(text) else text[0].upper() + text[1:])


def _ours(text: str) -> bool:
    """Tell whether a sentence begins with a word of ours, and not with a name."""
    return text.startswith(("with ", "no ", "in ", "there "))


def _over_seeds(arms: Sequence[ArmSummary], run: Run) -> tuple[list[_Contrast], _Words]:
    metric = Metric(arms[0].metric if arms else run.metric())
    amount = "points of" if metric.percent else "in"
    direction = direction_of(metric.name, run.description)
    baseline = run.description.baseline
    words = _Words(
        metric,
        f"{amount} {metric.words}",
        "arm",
        "seed",
        *(("better than", "worse than") if direction else ("above", "below")),
        less_is_better=direction == "min",
        without=f"there is no arm to compare with {baseline}.",
    )
    others = [arm for arm in arms if not arm.is_baseline]
    return [_Contrast(a.group, a.arm, baseline, a.difference) for a in others], words


def _over_problems(
    arms: Sequence[ArmSummary], run: Run
) -> tuple[list[_Contrast], _Words]:
    from keras_regnoise.studies.report.standings import standings

    whole = standings(run, arms[0].metric if arms else None)
    contrasts, first = [], ""
    for line in whole.table() if whole else ():
        if line.difference is None:
            first = line.option
        else:
            contrasts.append(
                _Contrast(line.within, line.option, first, line.difference)
            )
    error = Metric("error")
    words = _Words(
        error,
        "in error",
        "option",
        "problem",
        "better than",
        "worse than",
        less_is_better=True,
        without="no problem is complete yet.",
    )
    return contrasts, words


def _text(contrasts: Sequence[_Contrast], words: _Words) -> str:
    if not contrasts:
        return words.without
    if not any(contrast.difference for contrast in contrasts):
        return f"no {words.kind} can be compared with {contrasts[0].baseline} yet."
    found = _distinguishable(contrasts)
    groups: dict[str, list[_Contrast]] = {}
    for contrast in contrasts:
        groups.setdefault(contrast.group, []).append(contrast)
    sentences = {
        group: _sentence(part, found, len(contrasts), words)
        for group, part in groups.items()
    }
    if len(sentences) == 1:
        return f"{next(iter(sentences.values()))}."
    if not found and len(set(sentences.values())) == 1:
        return f"{next(iter(sentences.values()))}, in any of {len(groups)} groups."
    if len(sentences) <= _MOST_GROUPS:
        return " ".join(f"{group}: {text}." for group, text in sentences.items())
    return _overview(groups, found, words)


def _distinguishable(contrasts: Sequence[_Contrast]) -> set[_Contrast]:
    """Return those that Holm's procedure rejects."""
    tested = [c for c in contrasts if c.difference and c.difference.enough]
    tested.sort(key=_p_value)
    found = set()
    for number, contrast in enumerate(tested):
        if _p_value(contrast) > _ALPHA / (len(tested) - number):
            break
        found.add(contrast)
    return found


def _p_value(contrast: _Contrast) -> float:
    return contrast.difference.p_value if contrast.difference else 1.0


def _sentence(
    contrasts: Sequence[_Contrast],
    found: Collection[_Contrast],
    compared: int,
    words: _Words,
) -> str:
    baseline = contrasts[0].baseline
    counts = [c.difference.count if c.difference else 0 for c in contrasts]
    most = max(counts)
    if not most:
        return f"no {words.kind} can be compared with {baseline} yet"
    enough = [c for c in contrasts if c.difference and c.difference.enough]
    if not enough:
        return f"{words.nothing(str(most), baseline)} (an interval takes {FEWEST})"
    parts = [
        _side([c for c in enough if c in found], words, better)
        for better in (True, False)
    ]
    parts = [part for part in parts if part]
    rest = [c for c in enough if c not in found]
    if not parts:
        fewest = min(c for c in counts if c >= FEWEST)
        runs = f"{most}" if fewest == most else f"{fewest} to {most}"
        parts.append(words.nothing(runs, baseline))
    elif rest:
        parts.append(f"no other {words.kind} is distinguishable")
    alone = [c.arm for c in rest if c.difference and c.difference.excludes_zero]
    if alone:
        parts.append(
            f"{_some(alone)} would be if compared alone, but not among {compared}"
        )
    if few := len(contrasts) - len(enough):
        some = f"{words.kind} has" if few == 1 else f"{words.kind}s have"
        parts.append(f"{few} {some} fewer than {FEWEST} {words.sample}s")
    return "; ".join(parts)


def _side(found: Iterable[_Contrast], words: _Words, better: bool) -> str:
    """Name the arm that is furthest on one side of the baseline, and count others."""
    sizes: Mapping[_Contrast, Interval] = {
        c: c.difference
        for c in found
        if c.difference and words.is_better(c.difference) == better
    }
    if not sizes:
        return ""
    furthest, *others = sorted(sizes, key=lambda c: -abs(sizes[c].mean))
    than = words.better if better else words.worse
    text = f"{furthest.arm} is {than} {furthest.baseline} {words.by(sizes[furthest])}"
    if not others:
        return text
    if len(others) == 1:
        return f"{text}, and so is {others[0].arm}"
    return f"{text}, and so are {len(others)} others"


def _some(names: Sequence[str]) -> str:
    """List names, the first ones of many."""
    if len(names) > _MOST_NAMES + 1:
        rest = f"{len(names) - _MOST_NAMES} more"
        return f"{', '.join(names[:_MOST_NAMES])} and {rest}"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _overview(
    groups: Mapping[str, Sequence[_Contrast]],
    found: Collection[_Contrast],
    words: _Words,
) -> str:
    """Count the groups in which something was found."""
    better, worse = (
        sum(
            bool(_side([c for c in part if c in found], words, better))
            for part in groups.values()
        )
        for better in (True, False)
    )
    baseline = next(iter(groups.values()))[0].baseline
    return (
        f"in {better} of {len(groups)} groups an {words.kind} is {words.better} "
        f"{baseline}, in {worse} one is {words.worse} it."
    )
