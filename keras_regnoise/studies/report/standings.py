"""Options over many problems: wins, and the Dolan-Moré profile."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np

from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Profile, Value

Array = np.ndarray[Any, Any]
Key = tuple[str, str]
Places = dict[tuple[Key, str], float | None]
# Means over seeds of one count of errors differ by the rounding of float32.
_EQUAL = 1e-6


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
        better: Number of problems in which it has a smaller error than the first.
        worse: Number of problems in which it has a larger one.
    """

    within: str
    option: str
    count: int
    problems: int
    difference: Interval | None
    better: int = 0
    worse: int = 0

    @property
    def sign_p(self) -> float:
        """Return the p value of the sign test against the first option.

        Exact and two-sided; problems in which the two are equal are left out. Wins
        themselves have no test: three options share them.

        Example:

        >>> round(Wins("", "vcl", 9, 10, None, better=9, worse=1).sign_p, 4)
        0.0215
        """
        count, fewer = self.better + self.worse, min(self.better, self.worse)
        tail: float = sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count
        return min(1.0, 2.0 * tail)


@dataclass(frozen=True)
class Standings:
    """Errors of options over problems.

    Attributes:
        errors: By within and option, the error of every problem, the mean over the
            seeds; infinite where all runs failed.
        problems: Names of the problems.
        planned: Number of problems that were to be solved.
        are_shares: Whether errors are shares of examples: what accuracies leave of 1.
    """

    errors: Mapping[Key, Array]
    problems: tuple[str, ...]
    planned: int
    are_shares: bool = True

    @property
    def kinds(self) -> list[str]:
        """What options are compared within."""
        return list(dict.fromkeys(within for within, _ in self.errors))

    @property
    def options(self) -> list[str]:
        """Names of the options of all kinds."""
        return list(dict.fromkeys(option for _, option in self.errors))

    def of_kinds(self, kinds: Collection[str]) -> "Standings":
        """Return the part of it that is about some kinds."""
        errors = {key: e for key, e in self.errors.items() if key[0] in kinds}
        return replace(self, errors=errors)

    def of_problems(self, problems: Collection[str]) -> "Standings":
        """Return the part of it that is about some problems."""
        kept = [i for i, problem in enumerate(self.problems) if problem in problems]
        return replace(
            self,
            errors={key: errors[kept] for key, errors in self.errors.items()},
            problems=tuple(self.problems[i] for i in kept),
            planned=len(kept),
        )

    def failed(self, key: Key) -> bool:
        """Tell whether an option has no error in a problem.

        Args:
            key: Within and option.
        """
        return not np.isfinite(self.errors[key]).all()

    def share(self, key: Key, ratios: Array) -> Array:
        """Return the share of problems solved to within each ratio of the best.

        Of accuracies: there is none where the errors are no shares of examples.

        Args:
            key: Within and option.
            ratios: Accuracies relative to the best of all options, 1 and less.

        Reference:
            Dolan and Moré, Benchmarking Optimization Software with Performance
            Profiles, 2002; by accuracy as in figure 3 of Littwin and Wolf, 2018.
        """
        accuracies = {k: 1.0 - errors for k, errors in self.errors.items()}
        best = np.max(list(accuracies.values()), axis=0)
        own = accuracies[key]
        reached = (own >= ratios[:, None] * best - _EQUAL) & np.isfinite(own)
        share: Array = reached.mean(axis=1)
        return share

    def table(self) -> list[Wins]:
        """Count the wins."""
        return [line for within in self.kinds for line in self._wins(within)]

    def _wins(self, within: str) -> Iterable[Wins]:
        options = [option for kind, option in self.errors if kind == within]
        errors = np.array([self.errors[within, option] for option in options])
        best, worst = errors.min(axis=0), errors.max(axis=0)
        counted = worst > best + _EQUAL
        for option, own in zip(options, errors, strict=True):
            both = np.isfinite(own) & np.isfinite(errors[0])
            difference = Interval.of(list(own[both] - errors[0][both]))
            below, above = own < errors[0] - _EQUAL, own > errors[0] + _EQUAL
            yield Wins(
                within,
                option,
                int((own <= best + _EQUAL)[counted].sum()),
                int(counted.sum()),
                difference if option != options[0] else None,
                int(below.sum()),
                int(above.sum()),
            )


def standings(run: Run, metric: str | None = None) -> Standings | None:
    """Compare the options of a study over its problems.

    Arms that differ in something else than problem, kind and option, such as a depth,
    are candidates, of which the one with the best objective counts. A problem counts
    when all of its runs have ended. A candidate with a failed run is left out; an
    option of which nothing is left has an infinite error.

    Args:
        run: The run.
        metric: Name of a metric, an accuracy or an error; the headline by default.

    Returns:
        None if the study has no profile, no problem is complete, or the metric is
        neither an accuracy nor an error.
    """
    run = readable(run)
    spec = run.description.profile
    if not spec or not run.done:
        return None
    name = Metric(run.metric(metric))
    if not name.base.endswith(("accuracy", "error")):
        return None
    chosen_by = summarize(run, run.description.objective)
    sign = -1.0 if run.description.direction == "max" else 1.0
    candidates: dict[tuple[Key, str], list[tuple[float, float | None]]] = {}
    for arm, other in zip(summarize(run, metric), chosen_by, strict=True):
        found = candidates.setdefault(_place(spec, arm.values), [])
        if arm.value.count == arm.planned:
            whole = other.value.count == arm.planned
            order = sign * other.value.mean if whole else math.inf
            found.append((order, _error(name, arm.value.mean)))
        else:
            ended = arm.value.count + arm.failed + arm.not_finite == arm.planned
            found.append((math.inf, math.inf if ended else None))
    return _complete(
        {
            # The first of equals: not the one with the smallest error.
            place: None
            if any(error is None for _, error in found)
            else min(found, key=itemgetter(0))[1]
            for place, found in candidates.items()
        },
        name,
    )


def published_standings(run: Run, metric: str | None = None) -> Standings | None:
    """Compare the options by the paper's numbers, by the same rules."""
    description = readable(run).description
    spec, name = description.profile, metric or description.metric
    if not spec:
        return None
    values = {(arm.group, arm.name): arm.values for arm in description.arms}
    places: Places = {}
    for number in description.published:
        if number.metric == name:
            place = _place(spec, values[number.group, number.arm])
            places[place] = _error(Metric(name), number.value)
    return _complete(places, Metric(name))


def _place(spec: Profile, values: Mapping[str, Value]) -> tuple[Key, str]:
    within, option, problem = (
        str(values[name]) for name in (spec.within, spec.option, spec.problem)
    )
    return (within, option), problem


def _error(metric: Metric, value: float) -> float:
    return 1.0 - value if metric.base.endswith("accuracy") else value


def _complete(places: Places, metric: Metric) -> Standings | None:
    """Keep the problems that all options have."""
    problems = list(dict.fromkeys(problem for _, problem in places))
    keys = list(dict.fromkeys(key for key, _ in places))
    whole = [p for p in problems if all(places.get((k, p)) is not None for k in keys)]
    if not whole:
        return None
    errors = {k: np.array([places[k, p] for p in whole], float) for k in keys}
    return Standings(errors, tuple(whole), len(problems), metric.is_share)
