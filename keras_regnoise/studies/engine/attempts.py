import os
import time
from pathlib import Path

_ATTEMPT = "attempt"


class Attempts:
    """Adds up the time that a cell took, the attempts included that were killed.

    An attempt is an empty file whose times say when it began and when it was last
    seen alive.

    Args:
        directory: Folder of the cell's backups.
    """

    def __init__(self, directory: Path) -> None:
        earlier = [file.stat() for file in directory.glob(f"{_ATTEMPT}*")]
        self.count = len(earlier) + 1
        self._earlier_s = sum(max(0.0, s.st_mtime - s.st_atime) for s in earlier)
        self._begin = time.time()
        self._file = directory / f"{_ATTEMPT}{self.count}"
        directory.mkdir(parents=True, exist_ok=True)
        self._file.touch()
        self.note()

    def note(self) -> None:
        """Note that the attempt is alive."""
        os.utime(self._file, (self._begin, time.time()))

    @property
    def seconds(self) -> float:
        """Wall time of all attempts until now."""
        return self._earlier_s + time.time() - self._begin
