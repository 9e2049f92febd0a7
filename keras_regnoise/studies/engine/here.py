"""Trains in this process, which is a user's own: a script, or a notebook."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keras_regnoise.studies.engine.cell import conclude, failure_of
from keras_regnoise.studies.engine.pool import Ended
from keras_regnoise.studies.engine.training import Trainer
from keras_regnoise.studies.run import Record, Run
from keras_regnoise.studies.study import Cell, Value


class Here:
    """A pool of one worker: this process, which waits for what it trains.

    Args:
        run: The run.
    """

    address = "this process"

    def __init__(self, run: Run) -> None:
        self._trainer = Trainer(run)
        self._ended: list[Ended] = []

    def on_epoch(self, tell: Callable[[str, int, int], None]) -> None:
        """Nothing is told of epochs."""

    def free(self) -> list[str]:
        """Return the worker, if what it trained was taken."""
        return [] if self._ended else [self.address]

    def submit(
        self,
        worker: str,
        function: Callable[..., Any],
        directory: Path,
        cell: Cell,
        values: Mapping[str, Value],
        limit_s: float | None,
    ) -> Any:
        """Train a cell now; `next_ended` gives what is returned back."""
        ticket = object()
        record = self._train(Run.without_records(directory), cell, values)
        self._ended.append(Ended(ticket, record))
        return ticket

    def next_ended(self, timeout_s: float) -> Ended | None:
        """Return what was trained last, if it was not taken."""
        return self._ended.pop() if self._ended else None

    def _train(self, run: Run, cell: Cell, values: Mapping[str, Value]) -> Record:
        self._trainer.run = run
        try:
            record = self._trainer.train(cell, values)
        except (Exception, SystemExit) as error:
            record = failure_of(run, cell, error)
        conclude(run, record)
        return record
