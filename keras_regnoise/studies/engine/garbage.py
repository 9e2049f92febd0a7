"""When the networks of former cells are looked for."""

import gc
import time

_SHARE = 0.05  # of the time, at most


class Garbage:
    """Collects what former cells left, but not before every short cell.

    Networks are full of cycles, so they have to be looked for. That takes as long as
    many steps of a small network, whose memory does not count; where it counts, a cell
    takes so long that it is done before every one.
    """

    def __init__(self) -> None:
        self._due = 0.0

    def collect(self) -> None:
        """Collect, if that is due."""
        start = time.monotonic()
        if start < self._due:
            return
        gc.collect()
        end = time.monotonic()
        self._due = end + (end - start) / _SHARE
