"""How far a run is: a bar on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from keras_regnoise.cli.common import write
from keras_regnoise.studies._text import clean_line
from keras_regnoise.studies.run import Record, arm_name

if TYPE_CHECKING:
    from rich.progress import TaskID

_MOST_BARS = 8  # of cells that train at the same time
_SILENCE_S = 60.0  # of a log, while a cell trains


class Reporter:
    """Shows the progress of a run on stderr: stdout has the results alone.

    Args:
        cells: Names of the cells that are asked for.
        metric: Metric to show of every cell that ends.
    """

    def __init__(self, cells: Collection[str], metric: str) -> None:
        self.total, self.metric = len(cells), metric
        self._cells = set(cells)
        self._start = self._spoke = time.monotonic()
        self._begun: float | None = None  # the first epoch: workers have started
        self._lock = threading.RLock()  # epochs are told by a thread of Dask's
        self._seen: set[str] = set()
        self._failed = 0
        self._earlier: int | None = None  # cells that ended before this run
        # Cells that train now: the share that this run has trained of them.
        self._ongoing: dict[str, tuple[int, float]] = {}
        self._bars = _Bars(self.total) if sys.stderr and sys.stderr.isatty() else None

    def __enter__(self) -> "Reporter":
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def planned(self, cell: str) -> None:
        """Count a cell that the search thought of."""
        with self._lock:
            if cell not in self._cells:
                self._cells.add(cell)
                self.total += 1
                if self._bars:
                    self._bars.more(self.total)

    def epoch(self, cell: str, epoch: int, of: int) -> None:
        """Show how far the training of a cell is."""
        with self._lock:
            if cell in self._seen:  # told late
                return
            if self._begun is None:
                self._begun = time.monotonic()
            first = self._ongoing.get(cell, (epoch, 0.0))[0]
            self._ongoing[cell] = first, (epoch - first) / max(1, of)
            if self._bars:
                self._bars.cell(cell, epoch, of)
                self._bars.all(len(self._seen), self._left())
            elif time.monotonic() - self._spoke > _SILENCE_S:
                self.say(f"{self.summary()}; {cell}: epoch {epoch}/{of}")

    def ended(self, records: Mapping[str, Record]) -> None:
        """Report the cells that ended since the last call."""
        with self._lock:
            asked = {name: records[name] for name in records if name in self._cells}
            new = [record for name, record in asked.items() if name not in self._seen]
            self._seen.update(asked)
            self._failed = sum(not record.done for record in asked.values())
            for record in new:
                self._ongoing.pop(record.cell, None)
            self._tell(new)
            if self._bars:
                self._bars.all(len(self._seen), self._left())
                self._bars.remove(record.cell for record in new)

    def _tell(self, new: Sequence[Record]) -> None:
        if self._earlier is None:
            self._earlier = len(new)
            if new:
                self.say(f"{self.summary()} before this run")
            return
        for record in new:
            left, result = self._left(), self._result(record)
            self.say(f"{self.summary()}, ETA {left}, {result}")

    def summary(self) -> str:
        """Return how many cells are done and how many failed."""
        text = f"{len(self._seen) - self._failed}/{self.total} done"
        return f"{text}, {self._failed} failed" if self._failed else text

    def _left(self) -> str:
        ongoing = sum(share for _, share in self._ongoing.values())
        trained = len(self._seen) - (self._earlier or 0) + ongoing
        left = self.total - len(self._seen) - ongoing
        if not trained:
            return "?"
        begun = self._start if self._begun is None else self._begun
        elapsed = time.monotonic() - begun
        return duration(elapsed / trained * max(0.0, left))

    def _result(self, record: Record) -> str:
        cell = f"{arm_name(record.key)}, seed {record.seed}"
        if not record.done:
            return f"{cell}: {record.error}"
        return f"{cell}: {self.metric} {record.metrics[self.metric]:.4f}"

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self._spoke = time.monotonic()
        if self._bars:
            self._bars.say(clean_line(text))
        else:
            write(f"{clean_line(text)}\n", sys.stderr)


class _Bars:
    """A bar for the run, and one for every cell that trains."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.completed}/{task.total}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
        )
        self._all = self._progress.add_task("", total=total)
        self._tasks: dict[str, TaskID] = {}

    def start(self) -> None:
        self._progress.start()

    def stop(self) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)

    def all(self, completed: int, left: str) -> None:
        """Show how many cells have ended, and how long the others will take."""
        description = "starting" if left == "?" else f"ETA {left}"
        self._progress.update(self._all, completed=completed, description=description)

    def more(self, total: int) -> None:
        """Show that there are more cells."""
        self._progress.update(self._all, total=total)

    def cell(self, name: str, epoch: int, of: int) -> None:
        """Show the epoch of a cell."""
        if name not in self._tasks:
            if len(self._tasks) >= _MOST_BARS:
                return
            self._tasks[name] = self._progress.add_task(clean_line(name), total=of)
        self._progress.update(self._tasks[name], completed=epoch)

    def remove(self, names: Iterable[str]) -> None:
        """Take the bars of cells away that ended."""
        for name in names:
            if name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))


def duration(seconds: float) -> str:
    """Format seconds for people: 45 s, 3 min 05 s, 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
