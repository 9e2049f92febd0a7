"""Differences between the arms of a published run, and what they must be."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from keras_regnoise.studies import Run, report
from keras_regnoise.studies.report import Interval, Metric

RESULTS = Path(__file__).parent


@dataclass(frozen=True)
class Arms:
    """The arms of a run of one group."""

    link: str
    metric: Metric
    seeds: Mapping[str, Mapping[object, float]]

    @classmethod
    def of_run(cls, folder: str, group: str = "", metric: str | None = None) -> Self:
        """Read the records of a run, of a group that other groups have arms like."""
        summary = report.summarize(Run.open(RESULTS / folder), metric)
        arms = [arm for arm in summary if arm.group == group]
        seeds = {arm.arm: dict(arm.seeds) for arm in arms}
        return cls(link_to(folder), Metric(arms[0].metric), seeds)

    def mean(self, arm: str) -> float:
        """Return the mean over the seeds."""
        return Interval.of(list(self.seeds[arm].values())).mean

    def minus(self, one: str, other: str) -> Interval:
        """Return a difference in pairs of seeds."""
        both = [seed for seed in self.seeds[one] if seed in self.seeds[other]]
        return Interval.of([self.seeds[one][s] - self.seeds[other][s] for s in both])

    def more(self, one: str, other: str) -> str:
        """Format by how much one is above the other, which it must be."""
        return self._shown(one, other, clear=1).removeprefix("+")

    def less(self, one: str, other: str) -> str:
        """Format by how much one is below the other, which it must be."""
        return self._shown(one, other, clear=-1).removeprefix("-")

    def alike(self, one: str, other: str) -> str:
        """Format a difference whose interval must have 0 in it."""
        return self._shown(one, other, clear=0)

    def difference(self, one: str, other: str) -> str:
        """Format a difference, whatever it is."""
        found = self.minus(one, other)
        half = self.metric.number(found.half_width)
        return f"{self.metric.signed(found.mean)} ± {half}"

    def _shown(self, one: str, other: str, clear: int) -> str:
        found, text = self.minus(one, other), self.difference(one, other)
        sign = (found.mean > 0) - (found.mean < 0) if found.excludes_zero else 0
        must(sign == clear, f"{self.link}: {one} minus {other} is {text}")
        return text


def must(condition: bool, what: object) -> None:
    """Raise if the records do not carry a sentence."""
    if not condition:
        raise ValueError(f"docs/which_noise.md says otherwise than the records: {what}")


def link_to(folder: str) -> str:
    """Link to the page of a result."""
    return f"[{folder}](results/{folder}/README.md)"
