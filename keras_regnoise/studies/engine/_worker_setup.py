"""Preloaded into a worker by its path: its cores, and its output to the run's logs.

Before a backend is imported: it starts a thread for each core that it sees, and
TensorFlow prints lines.
"""

import contextlib
import os
from pathlib import Path
from typing import Any


def dask_setup(worker: Any) -> None:
    """Keep to the worker's cores and redirect its output; a Ctrl-C is not for it."""
    if cores := os.environ.get("KERAS_REGNOISE_CORES"):
        with contextlib.suppress(OSError):  # where a sandbox forbids it
            os.sched_setaffinity(0, map(int, cores.split(",")))
    if os.getpgrp() != os.getpid():
        os.setsid()
    place = os.environ.get("KERAS_REGNOISE_LOGS")
    if not place:
        return
    Path(place).mkdir(parents=True, exist_ok=True)
    log = os.open(
        Path(place) / f"worker{worker.name}.log",
        os.O_WRONLY | os.O_CREAT | os.O_APPEND,
        0o644,
    )
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
