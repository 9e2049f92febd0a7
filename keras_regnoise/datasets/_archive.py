"""The files of a folder, a zip or a tar, read where they are."""

import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


def names(place: Path) -> list[str]:
    """Return the names of all files, from the top, in order.

    The top folder of an archive is not part of a name.

    Raises:
        ValueError: If the place is neither a folder nor an archive.
    """
    if place.is_dir():
        files = (file for file in place.rglob("*") if file.is_file())
        return sorted(file.relative_to(place).as_posix() for file in files)
    return sorted(_inner(name) for name, _ in _members(place))


def contents(place: Path, chosen: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the chosen files, in the order of the archive."""
    if place.is_dir():
        for name in chosen:
            yield name, (place / name).read_bytes()
        return
    wanted = set(chosen)
    for name, read in _members(place):
        if _inner(name) in wanted:
            yield _inner(name), read()


def _members(place: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        yield name, lambda name=name: archive.read(name)  # type: ignore[misc]
            return
        with tarfile.open(place) as tar:
            for member in tar:
                if member.isfile():
                    yield member.name, lambda member=member: _read(tar, member)  # type: ignore[misc]
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"{place} is not a whole zip or tar file: {error}. Fetch it again."
        ) from error


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    return stream.read() if stream else b""


def _inner(name: str) -> str:
    return name.removeprefix("./").partition("/")[2]
