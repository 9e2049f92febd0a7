"""Which arms a claim is about: of several, the best on the validation split."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean

from keras_regnoise.studies.direction import direction_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.report.resolution import step
from keras_regnoise.studies.report.summary import ArmSummary, summarize
from keras_regnoise.studies.run import ArmKey, Run, arm_key, arm_name
from keras_regnoise.studies.study import matches


class Sides:
    """The arms of a run, and how they are chosen.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._summaries: dict[str, dict[ArmKey, ArmSummary]] = {}

    def arms(self, pattern: str, metric: str) -> list[ArmSummary]:
        """Return the arms of the run that match a pattern and have finished seeds."""
        return [arm for arm in self._matching(pattern, metric) if arm.value.count]

    def best(self, pattern: str, metric: str, by: str = "") -> dict[str, ArmSummary]:
        """Return the best arm that matches, by group; chosen by the objective.

        One of which runs are lost is chosen only if they are of all others too.

        Args:
            pattern: Of the arms.
            metric: Of the summaries.
            by: Value of the arms by which to choose, in place of the group.
        """
        groups: dict[str, list[ArmSummary]] = {}
        for arm in self.arms(pattern, metric):
            key = str(arm.values[by]) if by else arm.group
            groups.setdefault(key, []).append(arm)
        return {group: self._best_of(arms) for group, arms in groups.items()}

    def lost(self, arm: ArmSummary) -> int:
        """Count the runs of an arm that failed, or ended without a finite number."""
        by = self._summary(self.run.description.objective).get((arm.group, arm.arm))
        # Where an arm has no objective at all, there is none to choose by.
        not_finite = by.not_finite if by and by.value.count else 0
        return arm.failed + max(arm.not_finite, not_finite)

    def unfinished(self, pattern: str, metric: str) -> str:
        """Name an arm of a side that is planned and has no finished run, if any."""
        found = self._summary(metric)
        for key in self._expected(pattern):
            arm = found.get(key)
            if not (arm and arm.value.count) and not self._diverged(key):
                return f"{arm_name(key)} has no finished run"
        return ""

    def losses(
        self,
        pattern: str,
        metric: str,
        chosen: Collection[ArmSummary],
        by: str = "",
    ) -> str:
        """Tell of lost runs with which a side might be another, if there are any.

        Args:
            pattern: Of the side's arms.
            metric: Of the summaries.
            chosen: Those of them that count. Another one matters if it would have
                been chosen by what is left of it.
            by: See `best`.
        """
        best = {arm.values.get(by): arm for arm in chosen}
        for arm in self.arms(pattern, metric):
            lost, rival = self.lost(arm), best.get(arm.values.get(by))
            if rival is None:
                continue
            seeds = self._seeds_of([arm, rival])
            least = self._rank(rival, seeds)
            if arm not in chosen and least == -math.inf:
                objective = self.run.description.objective
                return f"no run of {name_of(arm)} has {objective}, by which to choose"
            if lost and (arm in chosen or self._rank(arm, seeds) > least):
                return f"{lost} of {arm.planned} runs of {name_of(arm)} failed"
        return ""

    def ended_badly(self, pattern: str, metric: str) -> list[ArmSummary]:
        """Return the arms that match, have ended runs, and no finite number of any."""
        return [
            arm
            for arm in self._matching(pattern, metric)
            if not arm.value.count and arm.failed + arm.not_finite
        ]

    def step(self, metric: str, arms: Iterable[ArmSummary]) -> float:
        """Return the least difference that a metric of some arms can show."""
        return step(self.run, metric, [(arm.group, arm.arm) for arm in arms])

    def planned(self, patterns: Sequence[str], by: str) -> int:
        """Count the values of `by` that the recipe's arms have on all sides.

        Without `by` their groups, as in `best`.
        """
        own = self.run.manifest.recipe.arms or ("*",)
        arms = [
            arm
            for arm in self.run.description.arms
            if any(matches(arm, pattern) for pattern in own)
        ]
        sides = [
            {
                arm.values[by] if by else arm.group
                for arm in arms
                if matches(arm, pattern)
            }
            for pattern in patterns
        ]
        return len(set.intersection(*sides))

    def less_is_better(self, metric: str) -> bool:
        """Tell whether less of a metric is better."""
        return direction_of(metric, self.run.description) == "min"

    def _matching(self, pattern: str, metric: str) -> list[ArmSummary]:
        keys = {arm_key(a) for a in self.run.description.arms if matches(a, pattern)}
        return [arm for key, arm in self._summary(metric).items() if key in keys]

    def _best_of(self, arms: Sequence[ArmSummary]) -> ArmSummary:
        # By the seeds that all have: a run that is not at its end has some more often.
        seeds = self._seeds_of([a for a in arms if not self.lost(a)])
        return max(arms, key=lambda arm: (not self.lost(arm), self._rank(arm, seeds)))

    def _seeds_of(self, arms: Sequence[ArmSummary]) -> set[int]:
        """Return the seeds for which all arms have the objective, of those that do."""
        found = [seeds for seeds in map(self._objective, arms) if seeds]
        return set.intersection(*map(set, found)) if found else set()

    def _rank(self, arm: ArmSummary, seeds: Collection[int]) -> float:
        """Return the mean of the objective over some seeds; of others without any."""
        values = self._objective(arm)
        if not values:
            return -math.inf
        mean = fmean([values[s] for s in values if s in seeds] or values.values())
        less = self.less_is_better(self.run.description.objective)
        return -mean if less else mean

    def _objective(self, arm: ArmSummary) -> Mapping[int, float]:
        by = self._summary(self.run.description.objective).get((arm.group, arm.arm))
        return by.seeds if by else {}

    def _expected(self, pattern: str) -> list[ArmKey]:
        """Return the arms of a side by the plan, or by the recipe in its groups."""
        planned, own = self.run.arms, self.run.manifest.recipe.arms
        groups = {group for group, _ in planned}
        return [
            arm_key(arm)
            for arm in self.run.description.arms
            if matches(arm, pattern) and arm.group in groups
            if arm_key(arm) in planned or not own or any(matches(arm, p) for p in own)
        ]

    def _diverged(self, key: ArmKey) -> bool:
        """Tell whether all runs of an arm ended, and none failed but by diverging."""
        ended = self.run.of_arm(key)
        return len(ended) == self.run.planned(key) > 0 and all(
            record.done or record.diverged for record in ended
        )

    def _summary(self, metric: str) -> dict[ArmKey, ArmSummary]:
        if metric not in self._summaries:
            try:
                arms = summarize(self.run, metric)
            except InputError:  # no finished cell has it
                arms = []
            self._summaries[metric] = {(arm.group, arm.arm): arm for arm in arms}
        return self._summaries[metric]


def common_seeds(arms: Sequence[ArmSummary]) -> list[int]:
    """Return the seeds that all arms have."""
    first, *others = arms
    return [seed for seed in first.seeds if all(seed in a.seeds for a in others)]


def name_of(arm: ArmSummary) -> str:
    """Return the name of an arm with its group."""
    return arm_name((arm.group, arm.arm))
