"""The search: keras-tuner hands out cells, a child process trains them."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras_tuner

from keras_regnoise.studies.engine import roles
from keras_regnoise.studies.engine.training_process import (
    TrainingError,
    TrainingProcess,
    failure,
)
from keras_regnoise.studies.folder import (
    FolderError,
    Manifest,
    Record,
    RecordError,
    model_of,
    read_record,
    write_record,
)
from keras_regnoise.tuning.oracle import EnumeratedOracle


class CellTuner(keras_tuner.Tuner):  # type: ignore[misc]
    """A keras-tuner tuner whose trials are cells, each trained in a child process.

    Args:
        oracle: Hands out the cells.
        manifest: The run.
        directory: Its folder.
        start: Starts a child.
        cells_per_process: Cells after which a child is replaced.
        deadline: `time.monotonic()` after which no cell begins, or None.
        on_epoch: Told `(cell, epoch, of)`.
        on_record: Told every record that was written.
    """

    def __init__(
        self,
        oracle: EnumeratedOracle,
        manifest: Manifest,
        directory: Path,
        start: Callable[[], TrainingProcess],
        cells_per_process: int,
        deadline: float | None = None,
        on_epoch: Callable[[str, int, int], None] = lambda cell, epoch, of: None,
        on_record: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.manifest, self.run_directory = manifest, directory
        self.start, self.cells_per_process = start, cells_per_process
        self.deadline, self.on_epoch, self.on_record = deadline, on_epoch, on_record
        self._planned = {cell["id"]: cell for cell in manifest["cells"]}
        self._child: TrainingProcess | None = None
        super().__init__(oracle, directory=directory, project_name=".")

    def _populate_initial_space(self) -> None:
        pass  # the cells are known; keras-tuner would build a model to find them

    def save(self) -> None:
        pass  # the records are the state

    def _try_run_and_update_trial(self, trial: Any, *_: Any, **__: Any) -> None:
        # keras-tuner's own prints the traceback of a failure, which the record has.
        record = read_record(self.run_directory, trial.trial_id)
        if record is None:
            record = self._train(trial.trial_id)
        if record["status"] == "done":
            super()._try_run_and_update_trial(trial, record)
        else:
            trial.status, trial.message = "FAILED", record["traceback"]

    def run_trial(self, trial: Any, record: Record) -> Any:
        return record["metrics"]

    def _train(self, identifier: str) -> Record:
        self._check_time()
        planned = self._planned[identifier]

        def on_epoch(epoch: int, of: int) -> None:
            self.on_epoch(identifier, epoch, of)
            self._check_time()  # the cell goes on from its backup another time

        try:
            record = self._process().train(identifier, on_epoch)
        except TrainingError as error:
            record = failure(self.manifest, planned, error)
        try:
            write_record(self.run_directory, record)
        except FolderError as error:
            raise FatalRecordError(str(error)) from error
        self.on_record(record)
        return record

    def _check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeLimitError

    def _process(self) -> TrainingProcess:
        child = self._child
        if child and (child.cells >= self.cells_per_process or not child.alive):
            child.stop()
            child = None
        if child is None:
            child = self.start()
        self._child = child
        return child

    def close(self) -> None:
        """End the child."""
        if self._child:
            self._child.stop()


# keras-tuner takes any other exception for a failed trial.
class TimeLimitError(  # type: ignore[misc]
    roles.TimeLimitError, keras_tuner.errors.FatalError
):
    """The time limit of the run has passed."""


class FatalRecordError(RecordError, keras_tuner.errors.FatalError):  # type: ignore[misc]
    """A record can't be written, and so won't those that follow."""


def make_oracle(manifest: Manifest, directory: Path) -> EnumeratedOracle:
    """Make the oracle of a run: a cell that has a record never runs again.

    Args:
        manifest: The run.
        directory: Its folder.
    """
    description = manifest["description"]
    trials, done = {}, {}
    chosen = set(manifest["chosen"])
    for planned in manifest["cells"]:
        if planned["id"] not in chosen:
            continue
        record = read_record(directory, planned["id"])
        if record and record["status"] == "failed":
            continue
        trials[planned["id"]] = {**planned["values"], "seed": planned["seed"]}
        if record:
            done[planned["id"]] = record["metrics"]
    oracle = EnumeratedOracle(
        trials,
        keras_tuner.Objective(description["objective"], description["direction"]),
        done,
    )
    arms = {cell["id"]: (cell["group"], cell["arm"]) for cell in manifest["cells"]}
    oracle.on_end = _keep_best_model(oracle, directory, arms)
    return oracle


def _keep_best_model(
    oracle: EnumeratedOracle, directory: Path, arms: Mapping[str, Any]
) -> Callable[[str], None]:
    """Keep one model of every arm, by the objective, so that little room is needed."""
    sign = -1 if oracle.objective.direction == "max" else 1

    def on_end(name: str) -> None:
        done = [
            trial
            for trial in oracle.trials.values()
            if trial.status == "COMPLETED" and arms[trial.trial_id] == arms[name]
        ]
        for trial in sorted(done, key=lambda trial: sign * trial.score)[1:]:
            model_of(directory, trial.trial_id).unlink(missing_ok=True)

    return on_end
