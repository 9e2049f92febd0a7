"""Options over many problems: wins, and the Dolan-Moré profile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_regnoise.report._run import Record, Run
from keras_regnoise.report.interval import Interval
from keras_regnoise.report.summary import summarize

Key = tuple[str, str]


@dataclass(frozen=True)
class Wins:
    """How often one option was best among those of its kind.

    Attributes:
        within: What the option is compared within, such as an activation.
        option: Its name, such as a normalization.
        count: Number of problems in which no other option was better. Those in which
            all were equal are left out; equal winners count once each.
        problems: Number of problems that are not left out.
        difference: Of the error to the first option, over all problems, with its 95 %
            interval (Student's t, problems as the sample); None for the first.
        published: The paper's number of wins, if it has one.
        published_problems: Number of problems of the paper.
    """

    within: str
    option: str
    count: int
    problems: int
    difference: Interval | None
    published: int | None
    published_problems: int


@dataclass(frozen=True)
class Profile:
    """Errors of options over problems.

    Attributes:
        errors: By within and option, the error of every problem, the mean over the
            seeds; problems that some option has not finished are left out.
        problems: Names of the problems.
        planned: Number of problems of the plan.
        wins: The paper's wins, by within and option.
        published_problems: Number of problems of the paper.
    """

    errors: Mapping[Key, np.ndarray[Any, Any]]
    problems: tuple[str, ...]
    planned: int
    wins: Mapping[str, Mapping[str, int]]
    published_problems: int

    def share(self, key: Key, ratios: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the share of problems solved to within each ratio of the best.

        Args:
            key: Within and option.
            ratios: Accuracies relative to the best of all options, 1 and less.

        Reference:
            Dolan and Moré, Benchmarking Optimization Software with Performance
            Profiles, 2002; by accuracy as in figure 3 of Littwin and Wolf, 2018.
        """
        accuracies = {k: 1.0 - errors for k, errors in self.errors.items()}
        best = np.max(list(accuracies.values()), axis=0)
        # The best itself is at 1, whatever the rounding.
        reached = accuracies[key] >= ratios[:, None] * best - 1e-12
        share: np.ndarray[Any, Any] = reached.mean(axis=1)
        return share

    def table(self) -> list[Wins]:
        """Count the wins."""
        return [line for within in self.kinds for line in self._wins(within)]

    @property
    def kinds(self) -> list[str]:
        """What options are compared within."""
        return list(dict.fromkeys(within for within, _ in self.errors))

    def _wins(self, within: str) -> Iterable[Wins]:
        options = [option for kind, option in self.errors if kind == within]
        errors = np.array([self.errors[within, option] for option in options])
        best, worst = errors.min(axis=0), errors.max(axis=0)
        counted = worst > best
        for option, own in zip(options, errors, strict=True):
            difference = Interval.of(list(own - errors[0]))
            yield Wins(
                within,
                option,
                int((own == best)[counted].sum()),
                int(counted.sum()),
                difference if option != options[0] else None,
                self.wins.get(within, {}).get(option),
                self.published_problems,
            )


def profile(
    manifest: Mapping[str, Any], records: Sequence[Record], metric: str | None = None
) -> Profile | None:
    """Compare the options of a study over its problems.

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
        metric: Name of a metric; the study's headline by default.

    Returns:
        None if the study has no profile, or no problem is complete.
    """
    spec = manifest["description"].get("profile")
    run = Run(manifest, records)
    if not spec or not run.done:
        return None
    found = _by_option(run, spec, metric)
    problems = list(dict.fromkeys(problem for _, problem in found))
    keys = list(dict.fromkeys(key for key, _ in found))
    whole = [p for p in problems if all(found.get((k, p)) is not None for k in keys)]
    if not whole:
        return None
    return Profile(
        {key: np.array([found[key, p] for p in whole]) for key in keys},
        tuple(whole),
        len(problems),
        spec["wins"],
        int(spec["problems"]),
    )


def _by_option(
    run: Run, spec: Mapping[str, Any], metric: str | None
) -> dict[tuple[Key, str], float | None]:
    """Return the error of every option in every problem, None if it is not done."""
    accuracy = run.metric(metric).endswith("accuracy")
    objective = str(run.description["objective"])
    arms = summarize(run.manifest, run.records, metric)
    chosen_by = summarize(run.manifest, run.records, objective)
    sign = -1.0 if run.description["direction"] == "max" else 1.0
    candidates: dict[tuple[Key, str], list[tuple[float, float]]] = {}
    for arm, other in zip(arms, chosen_by, strict=True):
        values = arm.values
        key = str(values[spec["within"]]), str(values[spec["option"]])
        place = candidates.setdefault((key, str(values[spec["problem"]])), [])
        if arm.value.count == arm.planned:
            error = 1.0 - arm.value.mean if accuracy else arm.value.mean
            place.append((sign * other.value.mean, error))
    return {
        place: min(found)[1] if found else None for place, found in candidates.items()
    }
