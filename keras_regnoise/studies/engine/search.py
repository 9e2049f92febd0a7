"""A keras-tuner search whose trials are cells, trained by Dask's workers."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import keras_tuner
from keras_tuner.engine import trial as kt_trial

from keras_regnoise.studies.engine.cell import conclude, failed, train_cell
from keras_regnoise.studies.engine.cluster import Ended, KilledWorker, Pool
from keras_regnoise.studies.engine.errors import ClusterError, TimeLimitError
from keras_regnoise.studies.run import Record, Run, WriteError, write_manifest
from keras_regnoise.studies.study import Arm, Cell
from keras_regnoise.tuning.oracle import EnumeratedOracle

_POLL_S = 0.2
_DEATHS = 3  # of the process of one cell
_PATIENCE_S = 60.0  # for workers of a cluster that has none
_Status = kt_trial.TrialStatus


class Progress(Protocol):
    """What a run tells of itself."""

    def say(self, text: str) -> None: ...

    def epoch(self, cell: str, epoch: int, of: int) -> None: ...

    def ended(self, records: Mapping[str, Record]) -> None: ...


class CellTuner(keras_tuner.Tuner):  # type: ignore[misc]
    """A keras-tuner tuner that runs as many trials at a time as there are workers.

    The oracle says what is trained: the hyperparameter values of a trial are what
    `build` and `fit` of the study's model get. A trial of an `EnumeratedOracle` is a
    cell of the run's plan; one of any other oracle becomes a cell when it begins, its
    seed being the value `seed`, if there is one.

    Args:
        oracle: Hands out the trials.
        run: The run.
        pool: Trains them.
        progress: Told what there is to tell.
        deadline: `time.monotonic()` after which the search ends, or None.
    """

    def __init__(
        self,
        oracle: keras_tuner.Oracle,
        run: Run,
        pool: Pool,
        progress: Progress,
        deadline: float | None = None,
    ) -> None:
        self.run, self.pool = run, pool
        self.progress, self.deadline = progress, deadline
        self._records = {record.cell: record for record in run.records}
        self._deaths: dict[str, int] = {}
        self._seen = time.monotonic()  # when there was a worker
        # An enumerated oracle keeps no files; others have a folder of their own.
        place = "." if isinstance(oracle, EnumeratedOracle) else "oracle"
        super().__init__(oracle, directory=run.directory, project_name=place)

    def _populate_initial_space(self) -> None:
        pass  # the space is the oracle's; keras-tuner would build a model to find it

    def save(self) -> None:
        pass  # the records are the state

    def run_trial(self, trial: Any, record: Record) -> Any:
        return record.metrics

    def search(self) -> None:
        """Run trials until the oracle has no more.

        Raises:
            TimeLimitError: At the deadline; what is trained goes on another time.
            ClusterError: If there are no workers.
            WriteError: If a record can't be written.
        """
        self.pool.on_epoch(self.progress.epoch)
        self.on_search_begin()
        ongoing: dict[Any, tuple[Any, Cell]] = {}
        exhausted = False
        while ongoing or not exhausted:
            if not exhausted:
                exhausted = self._begin_trials(ongoing)
            if not ongoing and exhausted:
                break
            self._check_time()
            ended = self.pool.next_ended(_POLL_S)
            if ended is not None:
                self._conclude(ended, *ongoing.pop(ended.future), ongoing)
        self.on_search_end()

    def _begin_trials(self, ongoing: dict[Any, tuple[Any, Cell]]) -> bool:
        """Give every free worker a trial; returns whether there are no more."""
        workers = self.pool.free()
        if workers or ongoing:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > _PATIENCE_S:
            raise ClusterError(
                f"The cluster at {self.pool.address} has had no workers for a minute. "
                f"Start some (dask worker {self.pool.address} --nthreads 1), and run "
                "the same command again to go on."
            )
        for worker in workers:
            trial = self.oracle.create_trial(self._slot(ongoing))
            if trial.status == _Status.STOPPED:
                return True
            if trial.status == _Status.IDLE:
                break  # the oracle waits for a trial that is at work
            self.on_trial_begin(trial)
            cell = self._cell_of(trial)
            if record := self._records.get(cell.id):
                self._end(trial, record)
            else:
                ongoing[self._submit(worker, trial, cell)] = trial, cell
        return False

    def _slot(self, ongoing: dict[Any, tuple[Any, Cell]]) -> str:
        """Name a slot that has no trial: the oracle gives each of them one."""
        taken = set(self.oracle.ongoing_trials)
        names = (f"slot{number}" for number in range(len(ongoing) + len(taken) + 1))
        return next(name for name in names if name not in taken)

    def _cell_of(self, trial: Any) -> Cell:
        cell = self.run.manifest.by_name.get(trial.trial_id)
        if cell is None:
            cell = _new_cell(trial)
            self._plan(cell)
        return cell

    def _plan(self, cell: Cell) -> None:
        """Add a cell that an oracle thought of to the run's plan."""
        manifest = self.run.manifest
        if cell.id not in manifest.by_name:
            manifest = replace(
                manifest,
                cells=(*manifest.cells, cell),
                chosen=(*manifest.chosen, cell.id),
            )
            write_manifest(self.run.directory, manifest)
            self.run = replace(self.run, manifest=manifest)

    def _submit(self, worker: str, trial: Any, cell: Cell) -> Any:
        left = None if self.deadline is None else self.deadline - time.monotonic()
        values = dict(trial.hyperparameters.values)
        directory = self.run.directory.resolve()
        return self.pool.submit(worker, train_cell, directory, cell, values, left)

    def _conclude(
        self,
        ended: Ended,
        trial: Any,
        cell: Cell,
        ongoing: dict[Any, tuple[Any, Cell]],
    ) -> None:
        """Take what a worker returned, or the cell back from one that died."""
        try:
            record = ended.result()
        except KilledWorker:
            record = self._after_death(cell)
            if record is None:
                worker = self._await_worker()
                ongoing[self._submit(worker, trial, cell)] = trial, cell
                return
        except (WriteError, ClusterError):
            raise
        except Exception as error:
            raise ClusterError(
                f"A worker could not train {cell}: {type(error).__name__}: {error} "
                "What is finished is safe. Every machine must have keras_regnoise "
                "installed and see the folder and the study under the same paths."
            ) from error
        if record is None:
            raise TimeLimitError
        self._records[cell.id] = record
        self.progress.ended(self._records)
        self._end(trial, record)

    def _after_death(self, cell: Cell) -> Record | None:
        """Count the deaths; returns the record of a cell that died too often."""
        deaths = self._deaths[cell.id] = self._deaths.get(cell.id, 0) + 1
        if record := self.run.load(cell.id):  # it died when all was done
            return record
        if deaths < _DEATHS and self.pool.is_local:
            self.progress.say(
                f"The process that trained {cell} died; it goes on from its last "
                "backup."
            )
            return None
        times = f" {deaths} times in a row" if deaths > 1 else ""
        record = failed(
            self.run,
            cell,
            f"the process that trained it died{times}, most likely because memory ran "
            f"out; see {self.run.logs}",
        )
        conclude(self.run, record)
        return record

    def _await_worker(self) -> str:
        while not (workers := self.pool.free()):
            self._check_time()
            time.sleep(_POLL_S)
        return workers[0]

    def _check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeLimitError

    def _end(self, trial: Any, record: Record) -> None:
        if record.done:
            self._try_run_and_update_trial(trial, record)
        else:
            trial.status, trial.message = _Status.FAILED, record.traceback
        self.on_trial_end(trial)


def _new_cell(trial: Any) -> Cell:
    """Make a cell of a trial that nobody planned."""
    values = dict(trial.hyperparameters.values)
    seed = int(values.pop("seed", 0))
    words = ", ".join(f"{name} {value}" for name, value in values.items())
    return Cell(Arm(words or "default", values), seed)


def enumerated(run: Run) -> EnumeratedOracle:
    """Make the oracle of a run's grid: a cell that has a record never runs again.

    Args:
        run: The run.
    """
    records = {record.cell: record for record in run.records}
    trials, done = {}, {}
    for name in run.manifest.chosen:
        cell, record = run.manifest.by_name[name], records.get(name)
        if record and not record.done:
            continue
        trials[name] = {**cell.arm.values, "seed": cell.seed}
        if record:
            done[name] = record.metrics
    description = run.description
    oracle = EnumeratedOracle(
        trials,
        keras_tuner.Objective(description.objective, description.direction),
        done,
    )
    oracle.on_end = lambda name: _keep_best_model(oracle, run, name)
    return oracle


def _keep_best_model(oracle: EnumeratedOracle, run: Run, name: str) -> None:
    """Keep one model of every arm, by the objective, so that little room is needed."""
    sign = -1 if oracle.objective.direction == "max" else 1
    cells = run.manifest.by_name
    done = [
        trial
        for trial in oracle.trials.values()
        if trial.status == _Status.COMPLETED
        and cells[trial.trial_id].arm == cells[name].arm
    ]
    for trial in sorted(done, key=lambda trial: sign * float(trial.score))[1:]:
        run.model_of(trial.trial_id).unlink(missing_ok=True)
