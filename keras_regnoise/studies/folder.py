"""The folder of a run: what is planned, and one file for every cell that ended."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keras_regnoise.studies.study import Arm, Cell

FORMAT = 1
Manifest = dict[str, Any]
Record = dict[str, Any]
_MANIFEST, _CELLS, _LOCK = "study.json", "cells", "lock"


class FolderError(Exception):
    """A folder that can't be read or written, with what to do about it."""


class RecordError(FolderError):
    """The record of a cell that has just ended can't be written."""


def write_json(content: Mapping[str, Any], file: Path) -> None:
    """Write a file, whole or not at all: a draft beside it takes its place.

    Raises:
        FolderError: If the disk is full or the folder not writable.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1, allow_nan=True)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise FolderError(
            f"Can't write {file}: {error.strerror or error}. What is finished is "
            "safe; make room or choose another folder with --out DIR, and run the "
            "command again."
        ) from error


def read_json(file: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote.

    Raises:
        FolderError: If it is damaged, or written by a newer version.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        number = int(content["format"])
    except OSError as error:
        raise FolderError(f"Can't read {file}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise FolderError(
            f"{file} is damaged ({type(error).__name__}: {error}). Delete this one "
            "file and run the command again; nothing else is lost."
        ) from error
    if number > FORMAT:
        raise FolderError(
            f"{file} has format {number}, written by a newer keras_regnoise; this "
            f"version reads {FORMAT} and older. Update keras_regnoise, or choose "
            "another folder."
        )
    return dict(content)


def read_manifest(directory: Path) -> Manifest:
    """Read what a run was about.

    Raises:
        FolderError: If the folder has no run, or a damaged or newer one.
    """
    file = directory / _MANIFEST
    if not file.exists():
        what = "is empty" if directory.is_dir() else "does not exist"
        if directory.is_dir() and any(directory.iterdir()):
            what = f"has no {_MANIFEST}"
        raise FolderError(
            f"{directory} {what}: it is not the folder of a run. Start one with: "
            f"keras-regnoise run STUDY --out {directory}"
        )
    return read_json(file)


def read_record(directory: Path, identifier: str) -> Record | None:
    """Read the record of a cell, None if it has not ended."""
    file = directory / _CELLS / f"{identifier}.json"
    return read_json(file) if file.exists() else None


def read_records(directory: Path) -> list[Record]:
    """Read the records of the cells in the manifest, in its order."""
    records = (
        read_record(directory, c["id"]) for c in read_manifest(directory)["cells"]
    )
    return [record for record in records if record is not None]


def write_record(directory: Path, record: Record) -> None:
    """Write the record of a cell that ended, well or not."""
    write_json(record, directory / _CELLS / f"{record['cell']}.json")


def remove_record(directory: Path, identifier: str) -> None:
    """Forget a failure, so that the cell runs again."""
    (directory / _CELLS / f"{identifier}.json").unlink(missing_ok=True)


def backup_of(directory: Path, identifier: str) -> Path:
    """Return the folder from which an interrupted cell goes on."""
    return directory / "backup" / identifier


def model_of(directory: Path, identifier: str) -> Path:
    """Return the file of a cell's trained model."""
    return directory / "models" / f"{identifier}.keras"


def cell_of(planned: Mapping[str, Any]) -> Cell:
    """Return the cell of an entry of the manifest."""
    return Cell(Arm(**planned["arm_fields"]), planned["seed"])


def plan_entry(cell: Cell) -> dict[str, Any]:
    """Return the manifest's entry of a cell."""
    arm = cell.arm
    return {
        "id": cell.id,
        "arm": arm.name,
        "group": arm.group,
        "values": dict(arm.values),
        "seed": cell.seed,
        "arm_fields": asdict(arm),
    }


def open_run(directory: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a run, or add cells to the one that is there.

    Raises:
        FolderError: If the folder holds another study, scale, recipe or options.
    """
    if directory.exists() and not directory.is_dir():
        raise FolderError(f"{directory} is a file. Choose a folder with --out DIR.")
    if not (directory / _MANIFEST).exists():
        _refuse_foreign(directory)
        write_json(manifest, directory / _MANIFEST)
        return manifest
    earlier = read_manifest(directory)
    for key in ("study", "scale", "recipe", "options"):
        before, now = (_comparable(m[key]) for m in (earlier, manifest))
        if before != now:
            raise FolderError(
                f"{directory} has a run with another {key}: {before!r}, and this one "
                f"has {now!r}. Choose another folder with --out DIR, or put this run "
                "in its place with --overwrite."
            )
    cells = {cell["id"]: cell for cell in earlier["cells"] + manifest["cells"]}
    merged = manifest | {"cells": list(cells.values()), "created": earlier["created"]}
    if merged != earlier:
        write_json(merged, directory / _MANIFEST)
    return merged


def _comparable(value: Any) -> Any:
    """Leave out what does not change a result; what is new has its default."""
    if not isinstance(value, dict):
        return value
    same = ("data_dir", "save_model", "deviations", "seeds", "arms")
    absent: tuple[Any, ...] = (None, 0, "", [], {})
    return json.loads(
        json.dumps(
            {k: v for k, v in value.items() if k not in same and v not in absent}
        )
    )


def _refuse_foreign(directory: Path) -> None:
    """Don't spread files over a folder of something else."""
    if not directory.is_dir():
        return
    others = [p.name for p in directory.iterdir() if p.name != _LOCK]
    if others:
        raise FolderError(
            f"{directory} is not empty ({', '.join(sorted(others)[:3])}, ...) and has "
            "no run. Choose another folder with --out DIR."
        )


def set_aside(directory: Path) -> Path | None:
    """Move an earlier run beside its place; returns where it is now.

    Raises:
        FolderError: If that run is still at work.
    """
    if not directory.is_dir() or not any(directory.iterdir()):
        return None
    with lock(directory, 0.0):
        pass
    number = 1
    while (moved := directory.with_name(f"{directory.name}.{number}")).exists():
        number += 1
    shutil.move(directory, moved)
    return moved


@contextlib.contextmanager
def lock(directory: Path, patience_s: float = 20.0) -> Iterator[int]:
    """Keep a second run out of the folder, for as long as a descriptor is open.

    The processes that train inherit the descriptor: an orphan that is still writing
    keeps the folder locked until it is gone.

    Args:
        directory: Folder of the run.
        patience_s: Seconds to wait for a run that is just ending.
    """
    import fcntl

    try:
        directory.mkdir(parents=True, exist_ok=True)
        stream = (directory / _LOCK).open("a")
    except OSError as error:
        raise FolderError(
            f"Can't write to {directory}: {error.strerror or error}. Choose another "
            "folder with --out DIR."
        ) from error
    with stream:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise FolderError(
                        f"Another run is at work in {directory}. Wait for it, end "
                        "it, or choose another folder with --out DIR."
                    ) from None
                time.sleep(0.2)
        yield stream.fileno()
