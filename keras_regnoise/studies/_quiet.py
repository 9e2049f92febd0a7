"""Backends that start without a word."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def quiet_imports(log: Path | None = None) -> Iterator[None]:
    """Keep what backends print while they start, in C++ too, off stderr.

    Args:
        log: File to which it is added; by default it is dropped, unless an error says
            that somebody needs it.
    """
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() if log is None else log.open("a+b") as stream:
        begin = stream.seek(0, os.SEEK_END)
        _flush_stderr()
        kept = os.dup(2)
        os.dup2(stream.fileno(), 2)
        try:
            yield
        except BaseException:
            stream.seek(begin)
            with os.fdopen(os.dup(kept), "wb") as stderr:
                shutil.copyfileobj(stream, stderr)
            raise
        finally:
            _flush_stderr()
            os.dup2(kept, 2)
            os.close(kept)


def _flush_stderr() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
