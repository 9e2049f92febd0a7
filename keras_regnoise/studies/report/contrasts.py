"""Sentences about arms and what they are compared with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from keras_regnoise.studies.report.interval import FEWEST, Interval
from keras_regnoise.studies.report.metric import Metric

_ALPHA = 0.05
_MOST_GROUPS = 3
_MOST_NAMES = 3


class Contrast(NamedTuple):
    """An arm against its baseline, and which of the two lost runs."""

    group: str
    arm: str
    baseline: str
    difference: Interval | None
    lost: str = ""

    @property
    def comparable(self) -> bool:
        """Whether there are pairs enough, and those that were planned."""
        return bool(self.difference and self.difference.enough and not self.lost)


@dataclass(frozen=True)
class Words:
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
        """Say that no arm differs."""
        samples = self.sample if runs == "1" else f"{self.sample}s"
        return (
            f"with {runs} {samples}, no {self.kind} is distinguishable from {baseline}"
        )

    def by(self, difference: Interval) -> str:
        """Say by how much."""
        size = self.metric.number(abs(difference.mean))
        half = self.metric.number(difference.half_width)
        return f"by {size} ± {half} {self.amount} ({difference.count} {self.sample}s)"

    def is_better(self, difference: Interval) -> bool:
        """Whether a difference is to the better."""
        return (difference.mean < 0) == self.less_is_better


def told(contrasts: Sequence[Contrast], words: Words) -> str:
    """Say in sentences which arms differ from their baseline."""
    if not contrasts:
        return words.without
    if not any(contrast.difference for contrast in contrasts):
        return f"no {words.kind} can be compared with {contrasts[0].baseline} yet."
    found = _distinguishable(contrasts)
    groups: dict[str, list[Contrast]] = {}
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


def _distinguishable(contrasts: Sequence[Contrast]) -> set[Contrast]:
    """Return those that Holm's procedure rejects, among all that there are."""
    tested = [c for c in contrasts if c.comparable]
    tested.sort(key=_p_value)
    found = set()
    for number, contrast in enumerate(tested):
        if _p_value(contrast) > _ALPHA / (len(contrasts) - number):
            break
        found.add(contrast)
    return found


def _p_value(contrast: Contrast) -> float:
    return contrast.difference.p_value if contrast.difference else 1.0


def _sentence(
    contrasts: Sequence[Contrast],
    found: Collection[Contrast],
    compared: int,
    words: Words,
) -> str:
    baseline = contrasts[0].baseline
    counts = [c.difference.count if c.difference else 0 for c in contrasts]
    most = max(counts)
    if not most:
        return f"no {words.kind} can be compared with {baseline} yet"
    enough = [c for c in contrasts if c.comparable]
    lost = [contrast.lost for contrast in contrasts if contrast.lost]
    failed = f"runs of {_some(list(dict.fromkeys(lost)))} failed" if lost else ""
    if not enough:
        why = failed or f"an interval takes {FEWEST}"
        return f"{words.nothing(str(most), baseline)} ({why})"
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
    if few := len(contrasts) - len(enough) - len(lost):
        some = f"{words.kind} has" if few == 1 else f"{words.kind}s have"
        parts.append(f"{few} {some} fewer than {FEWEST} {words.sample}s")
    if failed:
        parts.append(f"{failed}: what is left is a selection")
    return "; ".join(parts)


def _side(found: Iterable[Contrast], words: Words, better: bool) -> str:
    """Name the arm that is furthest on one side of the baseline, and count others."""
    sizes: Mapping[Contrast, Interval] = {
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
    groups: Mapping[str, Sequence[Contrast]],
    found: Collection[Contrast],
    words: Words,
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
