"""Which arms a claim is about: of several, the best on the validation split."""

from collections.abc import Sequence

from keras_regnoise.studies.direction import direction_of
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
        keys = {arm_key(a) for a in self.run.description.arms if matches(a, pattern)}
        found = self._summary(metric)
        return [arm for key, arm in found.items() if key in keys and arm.value.count]

    def best(self, pattern: str, metric: str, by: str = "") -> dict[str, ArmSummary]:
        """Return the best arm that matches, by group; chosen by the objective.

        One of which runs failed is chosen only if all others have failed ones too.

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
            group: arms[0] if len(arms) == 1 else max(arms, key=self._rank)
            for group, arms in groups.items()
        }

    def _rank(self, arm: ArmSummary) -> tuple[int, float]:
        objective = self.run.description.objective
        sign = -1.0 if self.less_is_better(objective) else 1.0
        chosen_by = self._summary(objective)[arm.group, arm.arm]
        return -arm.failed - arm.not_finite, sign * chosen_by.value.mean

    def less_is_better(self, metric: str) -> bool:
        """Tell whether less of a metric is better."""
        return direction_of(metric, self.run.description) == "min"

    def _summary(self, metric: str) -> dict[ArmKey, ArmSummary]:
        if metric not in self._summaries:
            arms = summarize(self.run, metric)
            self._summaries[metric] = {(arm.group, arm.arm): arm for arm in arms}
        return self._summaries[metric]


def common_seeds(arms: Sequence[ArmSummary]) -> list[int]:
    """Return the seeds that all arms have."""
    first, *others = arms
    return [seed for seed in first.seeds if all(seed in a.seeds for a in others)]


def name_of(arm: ArmSummary) -> str:
    """Return the name of an arm with its group."""
    return arm_name((arm.group, arm.arm))
