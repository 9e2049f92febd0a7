import math
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import trial as kt_trial

Values = Mapping[str, str | int | float | bool]


class EnumeratedOracle(keras_tuner.Oracle):  # type: ignore[misc]
    """An oracle that knows every trial in advance, and resumes.

    keras-tuner's own grid search finds its trials one after the other and forgets the
    order when it is interrupted, ends after three failures and writes its state in
    place. Here the trials are a list with names of their own. What is finished is for
    the caller to say: a state that exists once can't contradict itself. Works in one
    process and behind keras-tuner's chief.

    Args:
        trials: Values of every trial by its name, in the order in which they run.
        objective: As in every oracle; the metric has to be in what a trial returns.
        done: Metrics of the trials that are finished already, by name.
        on_end: Told the name of every trial that ends.

    Example:

    >>> oracle = EnumeratedOracle(
    ...     {"weak": {"rate": 0.1}, "strong": {"rate": 0.5}},
    ...     keras_tuner.Objective("val_accuracy", "max"),
    ...     done={"weak": {"val_accuracy": 0.9}},
    ... )
    >>> oracle.create_trial("tuner0").trial_id
    'strong'
    """

    def __init__(
        self,
        trials: Mapping[str, Values],
        objective: Any,
        done: Mapping[str, Mapping[str, float]] | None = None,
        on_end: Callable[[str], None] = lambda name: None,
    ) -> None:
        super().__init__(
            objective=objective,
            max_trials=len(trials),
            max_consecutive_failed_trials=math.inf,
        )
        self.verbose = 0
        self.on_end = on_end
        self.trials = {name: new_trial(name, values) for name, values in trials.items()}
        done = done or {}
        for name, metrics in done.items():
            self._finish(self.trials[name], metrics)
        # keras-tuner takes what waits for a retry first, and from the end.
        self._retry_queue = [name for name in trials if name not in done][::-1]

    @property
    def waiting(self) -> list[str]:
        """Names of the trials that have not begun, in the order in which they run."""
        return self._retry_queue[::-1]

    def put_first(self, name: str) -> None:
        """Let a trial that waits run next."""
        self._retry_queue.remove(name)
        self._retry_queue.append(name)

    def _finish(self, trial: Any, metrics: Mapping[str, float]) -> None:
        trial.status = kt_trial.TrialStatus.COMPLETED
        for name, value in metrics.items():
            known = {self.objective.name: self.objective.direction}
            trial.metrics.register(name, direction=known.get(name, "min"))
            trial.metrics.update(name, value)
        self.score_trial(trial)
        self.start_order.append(trial.trial_id)
        self.end_order.append(trial.trial_id)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        return {"status": kt_trial.TrialStatus.STOPPED}

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def end_trial(self, trial: Any) -> None:
        super().end_trial(trial)
        self.on_end(trial.trial_id)

    # The state is the caller's; nothing is written in place that a kill could truncate.
    def save(self) -> None:
        pass

    def reload(self) -> None:
        pass

    def _save_trial(self, trial: Any) -> None:
        pass


def new_trial(name: str, values: Values) -> Any:
    """Make a trial that has a name of its own."""
    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.values = dict(values)
    return kt_trial.Trial(hyperparameters, trial_id=name)
