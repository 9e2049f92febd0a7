"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give a draft beside `file` that takes its place if the block ends well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        yield draft
        with draft.open("r+b") as stream:
            os.fsync(stream.fileno())
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> Path:
    """Write UTF-8 text, whole or not at all."""
    with replacing(file) as draft:
        draft.write_text(text, encoding="utf-8", newline="")
    return file
