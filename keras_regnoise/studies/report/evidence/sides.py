"""Which arms a claim is about: of several, the best on the validation split."""

import math
from collections.abc import Collection, Sequence

from keras_regnoise.studies.direction import direction_of
from keras_regnoise.studies.input_error import InputError
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
        return {
            group: arms[0]
            if len(arms) == 1
            else max(arms, key=lambda arm: (not self.lost(arm), self._rank(arm)))
            for group, arms in groups.items()
        }

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
        best = {arm.values.get(by): self._rank(arm) for arm in chosen}
        for arm in self.arms(pattern, metric):
            lost, least = self.lost(arm), best.get(arm.values.get(by), math.inf)
            if arm not in chosen and least == -math.inf:
                objective = self.run.description.objective
                return f"no run of {name_of(arm)} has {objective}, by which to choose"
            if lost and (arm in chosen or self._rank(arm) > least):
                return f"{lost} of {arm.planned} runs of {name_of(arm)} failed"
        return ""

    def ended_badly(self, pattern: str, metric: str) -> list[ArmSummary]:
        """Return the arms that match, have ended runs, and no finite number of any."""
        return [
            arm
            for arm in self._matching(pattern, metric)
            if not arm.value.count and arm.failed + arm.not_finite
        ]

    def less_is_better(self, metric: str) -> bool:
        """Tell whether less of a metric is better."""
        return direction_of(metric, self.run.description) == "min"

    def _matching(self, pattern: str, metric: str) -> list[ArmSummary]:
        keys = {arm_key(a) for a in self.run.description.arms if matches(a, pattern)}
        return [arm for key, arm in self._summary(metric).items() if key in keys]

    def _rank(self, arm: ArmSummary) -> float:
        objective = self.run.description.objective
        chosen_by = self._summary(objective).get((arm.group, arm.arm))
        if chosen_by is None or not chosen_by.value.count:
            return -math.inf
        mean = chosen_by.value.mean
        return -mean if self.less_is_better(objective) else mean

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
