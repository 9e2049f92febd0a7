import sys
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from keras_regnoise.studies.run import Record, arm_name


class Reporter:
    """Shows how far a run is: a bar on a terminal, plain lines elsewhere.

    On stderr, so that stdout has the results alone.

    Args:
        total: Number of cells.
        metric: Metric to show of every cell that ends.
    """

    def __init__(self, total: int, metric: str) -> None:
        self.total, self.metric = total, metric
        self._start = time.monotonic()
        self._seen: set[str] = set()
        self._earlier: int | None = None  # cells that ended before this run
        self._failed = 0
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.completed}/{task.total}"),
            BarColumn(),
            TextColumn("ETA {task.fields[left]}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, left="?")

    def __enter__(self) -> "Reporter":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def epoch(self, cell: str, epoch: int, of: int) -> None:
        """Show how far the training of a cell is."""
        description = f"{cell} epoch {epoch}/{of}"
        self._progress.update(self._task, description=description)

    def ended(self, records: Mapping[str, Record]) -> None:
        """Report the cells that ended since the last call."""
        new = [record for name, record in records.items() if name not in self._seen]
        self._seen.update(records)
        self._failed = sum(not r.done for r in records.values())
        if self._earlier is None:
            self._earlier = len(new)
            if new:
                self.say(f"{self.summary()} before this run")
            self._progress.update(self._task, completed=len(self._seen))
            return
        for record in new:
            self._progress.update(
                self._task, completed=len(self._seen), left=self._left()
            )
            self.say(f"{self.summary()}, ETA {self._left()}, {self._result(record)}")

    def summary(self) -> str:
        """Return how many cells are done and how many failed."""
        text = f"{len(self._seen) - self._failed}/{self.total} done"
        return f"{text}, {self._failed} failed" if self._failed else text

    def _left(self) -> str:
        ended = len(self._seen) - (self._earlier or 0)
        seconds = (time.monotonic() - self._start) / max(1, ended)
        return duration(seconds * (self.total - len(self._seen)))

    def _result(self, record: Record) -> str:
        cell = f"{arm_name(record.key)}, seed {record.seed}"
        if not record.done:
            return f"{cell}: {record.error}"
        return f"{cell}: {self.metric} {record.metrics[self.metric]:.4f}"

    def say(self, text: str) -> None:
        """Print a line of its own."""
        if self._console.is_terminal:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)


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
