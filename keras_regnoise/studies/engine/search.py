"""A keras-tuner search whose trials are cells, trained by Dask's workers."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import keras_tuner
from keras_tuner.engine import trial as kt_trial

from keras_regnoise.studies.engine.cell import conclude, failed, train_cell
from keras_regnoise.studies.engine.errors import ClusterError, TimeLimitError
from keras_regnoise.studies.engine.familiar import Familiar
from keras_regnoise.studies.engine.pool import Ended, LostWorkerError, Pool
from keras_regnoise.studies.engine.trials import new_cell
from keras_regnoise.studies.run import Record, Run, WriteError, write_manifest
from keras_regnoise.studies.study import Cell
from keras_regnoise.tuning.oracle import EnumeratedOracle

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.here import Here

_POLL_S = 0.2
_DEATHS = 3  # of the process of one cell
_PATIENCE_S = 60.0  # for workers of a cluster that has none
_Status = kt_trial.TrialStatus


class Progress(Protocol):
    """What a run tells of itself."""

    def say(self, text: str) -> None: ...

    def planned(self, cell: str) -> None: ...

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
        pool: Trains them, in other processes or in this one.
        progress: Told what there is to tell.
        deadline: `time.monotonic()` after which the search ends, or None.
    """

    def __init__(
        self,
        oracle: keras_tuner.Oracle,
        run: Run,
        pool: "Pool | Here",
        progress: Progress,
        deadline: float | None = None,
    ) -> None:
        self.run, self.pool = run, pool
        self.progress, self.deadline = progress, deadline
        self._records = {record.cell: record for record in run.records}
        self._ongoing: dict[Any, tuple[Any, Cell]] = {}
        self._taken_back: list[tuple[Any, Cell]] = []  # from workers that died
        self._exhausted = False
        self._deaths: dict[str, int] = {}
        self._familiar = Familiar()
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
        while self._give_work() or self._ongoing:
            self._check_time()
            ended = self.pool.next_ended(_POLL_S)
            if ended is not None:
                self._conclude(ended, *self._ongoing.pop(ended.future))
        self.on_search_end()

    def _give_work(self) -> bool:
        """Give every free worker a trial; returns whether there may be more."""
        if self._exhausted and not self._taken_back:
            return False
        workers = self.pool.free()
        self._check_workers(workers)
        for worker in workers:
            work = self._taken_back.pop() if self._taken_back else None
            work = work or self._next_trial(worker)
            if work is None:
                break
            self._submit(worker, *work)
        return bool(self._taken_back) or not self._exhausted

    def _check_workers(self, workers: list[str]) -> None:
        if workers or self._ongoing:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > _PATIENCE_S:
            raise ClusterError(
                f"The cluster at {self.pool.address} has had no workers for a minute. "
                f"Start some (dask worker {self.pool.address} --nthreads 1), and run "
                "the same command again to go on."
            )

    def _next_trial(self, worker: str) -> tuple[Any, Cell] | None:
        """Return what the oracle has for a worker, if it has something now."""
        while not self._exhausted:
            self._prefer_familiar(worker)
            trial = self.oracle.create_trial(self._slot())
            if trial.status == _Status.STOPPED:
                self._exhausted = True
            elif trial.status == _Status.IDLE:
                break  # the oracle waits for a trial that is at work
            else:
                self.on_trial_begin(trial)
                cell = self._cell_of(trial)
                if cell.id not in self._records:
                    return trial, cell
                self._end(trial, self._records[cell.id])
        return None

    def _prefer_familiar(self, worker: str) -> None:
        if isinstance(self.oracle, EnumeratedOracle) and self.oracle.waiting:
            trials = self.oracle.trials
            waiting = [self._cell_of(trials[name]) for name in self.oracle.waiting]
            self.oracle.put_first(self._familiar.choose(worker, waiting).id)

    def _slot(self) -> str:
        """Name a slot that has no trial: the oracle gives each of them one."""
        taken = set(self.oracle.ongoing_trials)
        names = (f"slot{number}" for number in range(len(taken) + 1))
        return next(name for name in names if name not in taken)

    def _cell_of(self, trial: Any) -> Cell:
        cell = self.run.manifest.by_name.get(trial.trial_id)
        if cell is None:
            cell = new_cell(trial, self.run.description.arms)
            self._plan(cell)
            self.progress.planned(cell.id)
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

    def _submit(self, worker: str, trial: Any, cell: Cell) -> None:
        left = None if self.deadline is None else self.deadline - time.monotonic()
        values = dict(trial.hyperparameters.values)
        directory = self.run.directory.resolve()
        future = self.pool.submit(worker, train_cell, directory, cell, values, left)
        self._ongoing[future] = trial, cell
        self._familiar.note(worker, cell)

    def _conclude(self, ended: Ended, trial: Any, cell: Cell) -> None:
        """Take what a worker returned, or the cell back from one that died."""
        try:
            record = ended.result()
        except LostWorkerError:
            record = self._after_death(cell)
            if record is None:
                self._taken_back.append((trial, cell))
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
        if deaths < _DEATHS:
            self.progress.say(
                f"The process that trained {cell} died; it goes on from its last "
                "backup."
            )
            return None
        record = failed(
            self.run,
            cell,
            f"the process that trained it died {deaths} times in a row, most likely "
            f"because memory ran out; see {self.run.logs}",
        )
        conclude(self.run, record)
        return record

    def _check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeLimitError

    def _end(self, trial: Any, record: Record) -> None:
        if record.done:
            self._try_run_and_update_trial(trial, record)
        else:
            trial.status, trial.message = _Status.FAILED, record.traceback
        self.on_trial_end(trial)
