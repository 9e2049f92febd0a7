"""Preloaded into a worker by its path: what it prints goes to the run's logs.

Before anything else is imported: TensorFlow's start-up lines too.
"""

import os
from pathlib import Path
from typing import Any


def dask_setup(worker: Any) -> None:
    """Redirect the worker's output; a Ctrl-C at the terminal is not for it."""
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
