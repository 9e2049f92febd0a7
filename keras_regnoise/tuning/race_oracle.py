from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import trial as kt_trial

from keras_regnoise.tuning.oracle import EnumeratedOracle, Values, new_trial


class RaceOracle(EnumeratedOracle):
    """An oracle that gives seeds to the arms that are still in the race.

    It hands out the trainings of a round, waits until all have ended, and asks what the
    next ones are. The decisions are the caller's and depend on the scores alone, so
    that a search that was interrupted goes on with the same ones. Works in one process
    and behind keras-tuner's chief.

    Args:
        wanted: Asked when all trials have ended: the values of those that run next, by
            name; nothing ends the search.
        objective: As in every oracle; the metric has to be in what a trial returns.
        on_end: Told the name of every trial that ends.

    Example:

    >>> rounds = [{"weak-0": {"rate": 0.1}, "strong-0": {"rate": 0.5}}, {}]
    >>> oracle = RaceOracle(
    ...     lambda: rounds.pop(0), keras_tuner.Objective("val_accuracy", "max")
    ... )
    >>> [oracle.create_trial(f"tuner{n}").trial_id for n in range(2)]
    ['weak-0', 'strong-0']
    >>> oracle.create_trial("tuner2").status  # the round is not over
    'IDLE'
    """

    def __init__(
        self,
        wanted: Callable[[], Mapping[str, Values]],
        objective: Any,
        on_end: Callable[[str], None] = lambda name: None,
    ) -> None:
        super().__init__({}, objective, on_end=on_end)
        self._wanted = wanted

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def create_trial(self, tuner_id: str) -> Any:
        if not self._retry_queue and not self.ongoing_trials:
            for name, values in self._wanted().items():
                self.trials[name] = new_trial(name, values)
                self._retry_queue.insert(0, name)
        return super().create_trial(tuner_id)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        status = kt_trial.TrialStatus
        return {"status": status.IDLE if self.ongoing_trials else status.STOPPED}
