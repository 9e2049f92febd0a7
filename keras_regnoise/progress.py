import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Reporter:
    """Shows how far a run is: a bar on a terminal, plain lines elsewhere.

    On stderr, so that stdout has the results alone.

    Args:
        total: Number of cells.
    """

    def __init__(self, total: int) -> None:
        self.done = 0
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

    def update(self, done: int, total: int, seconds_left: float, result: str) -> None:
        """Report a finished cell."""
        self.done = done
        left = duration(seconds_left)
        self._progress.update(self._task, completed=done, description=result, left=left)
        if not self._console.is_terminal:
            self.say(f"{done}/{total}, ETA {left}, {result}")

    def say(self, text: str) -> None:
        """Print a line of its own."""
        if self._console.is_terminal:
            self._progress.console.print(text)
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
