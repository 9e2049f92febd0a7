"""The files of a run's folder: JSON of a known format, whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from keras_regnoise.studies._atomic import write_text

FORMAT = 2  # 1 had no fingerprints


class FolderError(Exception):
    """A folder that can't be used, with what to do about it."""


class WriteError(FolderError):
    """A file can't be written: no room, or no permission."""


class DamagedError(FolderError):
    """A file that is not what was written into it."""


def read_json(file: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote, such as the state of a backup.

    Raises:
        FolderError: If it is damaged (`DamagedError`), or of a newer version.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        number = int(content["format"])
    except OSError as error:
        raise FolderError(f"Can't read {file}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"{file} is damaged ({reason(error)})") from error
    if number > FORMAT:
        raise FolderError(
            f"{file} has format {number}, written by a newer keras_regnoise; this "
            f"version reads {FORMAT} and older. Update keras_regnoise, or choose "
            "another folder."
        )
    return dict(content)


def write_json(content: Mapping[str, Any], file: Path) -> None:
    """Write a file of the run's folder, whole or not at all.

    Raises:
        WriteError: If the disk is full or the folder not writable.
    """
    try:
        write_text(file, json.dumps({"format": FORMAT, **content}, indent=1))
    except OSError as error:
        raise WriteError(
            f"Can't write {file}: {error.strerror or error}. What is finished is "
            "safe; make room or choose another folder with --out DIR, and run the "
            "command again."
        ) from error


def known(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a later version of this format may have added."""
    names = {part.name for part in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def reason(error: Exception) -> str:
    """Return in short why a file is damaged."""
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return f"{type(error).__name__}: {error}"
