"""What lies where in the folder of a run."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote

from keras_regnoise.studies.run.files import (
    DamagedError,
    FolderError,
    read_json,
    reason,
    write_json,
)
from keras_regnoise.studies.run.manifest import Manifest
from keras_regnoise.studies.run.record import Record

MANIFEST, CELLS = "study.json", "cells"


def read_manifest(directory: Path) -> Manifest:
    """Read `study.json`.

    Raises:
        FolderError: See `Run.open`.
    """
    file = directory / MANIFEST
    if not file.exists() and not (directory / CELLS).is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        if directory.is_dir():
            is_empty = not any(directory.iterdir())
            what = "is empty" if is_empty else f"has no {MANIFEST}"
        raise FolderError(
            f"{directory} {what}: it is not the folder of a run. Start one with: "
            f"keras-regnoise run STUDY --out {quote(str(directory))}"
        )
    try:
        if not file.exists():
            raise DamagedError(f"{file} is missing")
        return Manifest.from_json(read_json(file))
    except DamagedError as error:
        damage = str(error)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        damage = f"{file} is damaged ({reason(error)})"
    raise DamagedError(
        f"{damage}. The cells that ended are safe: the same `keras-regnoise run` as "
        f"before, with --out {quote(str(directory))}, writes it anew."
    )


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `study.json`, whatever is there."""
    write_json(manifest.as_json(), directory / MANIFEST)


def stray_records(directory: Path) -> Iterator[Record]:
    """Read what is in `cells/` without the manifest, to rebuild it from."""
    for file in sorted((directory / CELLS).glob("[!.]*.json")):
        try:
            yield Record.from_json(read_json(file))
        except (DamagedError, ValueError, TypeError, KeyError, AttributeError):
            continue


def refuse_foreign(directory: Path) -> None:
    """Don't spread files over a folder of something else, and don't move it.

    Raises:
        FolderError: If there is something, and it is not the folder of a run.
    """
    if directory.exists() and not directory.is_dir():
        raise FolderError(f"{directory} is a file. Choose a folder with --out DIR.")
    if (directory / MANIFEST).exists() or (directory / CELLS).is_dir():
        return
    others: Iterable[Path] = directory.iterdir() if directory.is_dir() else ()
    names = sorted(path.name for path in others if path.name != "lock")
    if names:
        raise FolderError(
            f"{directory} is not empty ({', '.join(names[:3])}, ...) and has no run. "
            "Choose another folder with --out DIR."
        )
