"""What a worker does: it trains, times or exports one cell, and never raises.

A worker is a process of Dask's. It may be told to train cells of another run next, and
it may be killed at any moment.
"""

import errno
import gc
import math
import os
import platform
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import get_worker

from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.attempts import Attempts
from keras_regnoise.studies.engine.errors import ClusterError
from keras_regnoise.studies.engine.failure import reason_of, trace_of
from keras_regnoise.studies.engine.lock import lock
from keras_regnoise.studies.run import Record, Run, WriteError
from keras_regnoise.studies.study import Cell, Value

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.training import Trainer

EPOCHS = "keras_regnoise.epochs"  # topic of what workers tell of themselves
_TELL_S = 0.5  # an epoch may take a millisecond, and every message its share of a core
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_trainers: dict[Any, "Trainer"] = {}


class OutOfTimeError(Exception):
    """The time limit of the run has passed; the cell goes on another time."""


@dataclass(frozen=True)
class Timing:
    """What a cell will take.

    Attributes:
        seconds: None if it could not be timed.
        reason: Why not.
    """

    seconds: float | None
    reason: str = ""


def train_cell(
    directory: Path, cell: Cell, values: Mapping[str, Value], limit_s: float | None
) -> Record | None:
    """Train a cell and write its record, also of a failure.

    Args:
        directory: Folder of the run.
        cell: The cell.
        values: The hyperparameter values of its trial.
        limit_s: Seconds after which it ends at the next epoch, or None.

    Returns:
        The record; None if the time was up.

    Raises:
        WriteError: If there is no room for the record, the backup or the model.
    """
    run = Run.without_records(directory)
    busy = f"Another process trains {cell} in {directory}."
    deadline = None if limit_s is None else time.monotonic() + limit_s
    told = -math.inf

    def on_epoch(epoch: int, of: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _TELL_S:
            told = now
            get_worker().log_event(EPOCHS, {"cell": cell.id, "epoch": epoch, "of": of})
        if deadline is not None and now > deadline:
            raise OutOfTimeError

    with lock(_lock_of(run, cell.id), busy):
        record = run.load(cell.id)
        if record is None:
            try:
                record = _trainer(run).train(cell, values, on_epoch)
            except OutOfTimeError:
                return None
            except (Exception, SystemExit) as error:
                record = failure_of(run, cell, error)
            run.write(record)
        _clean_up(run, cell.id)
    return record


def conclude(run: Run, record: Record) -> None:
    """Write the record of a cell, which then needs no backup any more."""
    run.write(record)
    _clean_up(run, record.cell)


def _clean_up(run: Run, cell: str) -> None:
    shutil.rmtree(run.backup_of(cell), ignore_errors=True)
    _lock_of(run, cell).unlink(missing_ok=True)


def _lock_of(run: Run, cell: str) -> Path:
    return run.directory / "backup" / f"{cell}.lock"


def failure_of(run: Run, cell: Cell, error: BaseException) -> Record:
    """Return the record of a cell that raised; what ends the whole run is raised."""
    if isinstance(error, WriteError | ClusterError):
        raise error
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        raise WriteError(
            f"Can't write to {run.directory}: {error.strerror}. What is finished is "
            "safe; make room and run the command again."
        ) from error
    return failed(run, cell, reason_of(error), trace_of(error))


def failed(run: Run, cell: Cell, reason: str, trace: str = "") -> Record:
    """Return the record of a cell that failed."""
    attempts = Attempts(run.backup_of(cell.id))
    return Record.of(
        run.manifest,
        cell,
        status="failed",
        error=clean_text(reason),
        traceback=clean_text(trace),
        attempts=max(1, attempts.count - 1),
        seconds=attempts.seconds,
    )


def start_backend(number: int) -> None:
    """Import what takes seconds."""
    from keras_regnoise.studies.engine import training

    del training


def time_cell(directory: Path, cell: Cell) -> Timing:
    """Estimate what a cell takes, from a few seconds of its training."""
    try:
        return Timing(_trainer(Run.without_records(directory)).time(cell))
    except (Exception, SystemExit) as error:
        return Timing(None, clean_text(reason_of(error)))


def _trainer(run: Run) -> "Trainer":
    """Return the trainer of a run, which keeps the data of the last cell."""
    from keras_regnoise.studies.engine.training import Trainer

    key = run.directory, run.manifest.created, str(run.manifest.code)
    if key not in _trainers:
        _check_code(run)
        if not _trainers:
            gc.freeze()  # what is imported stays; to look through it takes a second
        _trainers.clear()
        _trainers[key] = Trainer(run)
    trainer = _trainers[key]
    trainer.run = run
    return trainer


def _check_code(run: Run) -> None:
    """Refuse to train with other code than the search has, on another machine."""
    if os.environ.get("KERAS_REGNOISE_LOGS") or not run.manifest.code:
        return  # a process of the search's own machine
    from keras_regnoise.studies.engine.fingerprint import code_of

    expected = run.manifest.code[-1]
    differs = [n for n, d in code_of(run.manifest.source).items() if expected[n] != d]
    if differs:
        raise ClusterError(
            f"The code of {' and '.join(differs)} on {platform.node()} is not that of "
            "the search. Install the same version on every machine and start its "
            "workers again."
        )
