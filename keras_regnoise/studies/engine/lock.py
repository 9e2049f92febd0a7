"""Keeps two processes from writing the same files."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from keras_regnoise.studies.run import FolderError, WriteError, refuse_foreign

_POLL_S = 0.2


@contextlib.contextmanager
def lock(file: Path, busy: str, patience_s: float = 20.0) -> Iterator[None]:
    """Hold a file's lock, which the system gives back when this process is gone.

    Args:
        file: It is created; who holds it may remove it.
        busy: What to say if another process holds it.
        patience_s: Seconds to wait for one that is just ending.

    Raises:
        FolderError: If it is held all that time, or can't be created.
    """
    deadline = time.monotonic() + patience_s
    while True:
        stream = _opened(file)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            if time.monotonic() > deadline:
                raise FolderError(busy) from None
            time.sleep(_POLL_S)
            continue
        if _is_at(file, stream):
            break
        stream.close()  # who held it has removed it
    with stream:
        yield


def _opened(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("a")
    except OSError as error:
        raise WriteError(
            f"Can't write to {file.parent}: {error.strerror or error}. Choose another "
            "folder with --out DIR."
        ) from error


def _is_at(file: Path, stream: TextIO) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False


def lock_run(
    directory: Path, patience_s: float = 20.0
) -> contextlib.AbstractContextManager[None]:
    """Keep a second run out of a folder."""
    busy = (
        f"Another run is at work in {directory}. Wait for it, end it, or choose "
        "another folder with --out DIR."
    )
    return lock(directory / "lock", busy, patience_s)


def set_aside(directory: Path) -> Path | None:
    """Move an earlier run beside its place; returns where it is now.

    Raises:
        FolderError: If that run is still at work, or there is something else.
    """
    refuse_foreign(directory)
    if not directory.is_dir() or not any(directory.iterdir()):
        return None
    directory = directory.resolve()
    with lock_run(directory, 0.0):
        pass
    number = 1
    while (moved := directory.with_name(f"{directory.name}.{number}")).exists():
        number += 1
    shutil.move(directory, moved)
    return moved
