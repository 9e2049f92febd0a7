"""Where the files of data sets lie; nothing is read, and nothing heavy imported."""

import os
from collections.abc import Iterator
from pathlib import Path

DATA_DIR = "KERAS_REGNOISE_DATA"
# Asks for the further images of a set, which are easier ones, as its paper does.
EXTRA = "+extra"
TABLES = ("uci", "openml")
TABLE_ENDINGS = (".csv", ".csv.gz")
GENERATED = {"ringnorm": 7400, "twonorm": 7400, "led-display": 1000}  # rows
# Examples to train on.
WITHOUT_FILES = {"digits": 500, "digit-lines": 1000, "digit-boxes": 500}
BY_HAND = ("coco/2017", "librispeech", "tiny-imagenet")  # no program fetches them
_TINY = "tiny-imagenet-200"
_ARCHIVES = ("", ".zip", ".tar", ".tar.gz", ".tgz")
_IMAGES = (".jpeg", ".jpg", ".png")
# In Tiny ImageNet, the classes of the images below `val`.
ANNOTATIONS = "val/val_annotations.txt"


def data_folder(data_dir: str | os.PathLike[str] | None) -> Path:
    """Return the folder of all files: the argument's, the environment's or tfds's."""
    folder = data_dir or os.environ.get(DATA_DIR) or os.environ.get("TFDS_DATA_DIR")
    return Path(folder or "~/tensorflow_datasets").expanduser()


def is_path(name: str) -> bool:
    """Whether a name is the path of a file or a folder."""
    endings = (*TABLE_ENDINGS, ".npz")
    return name.endswith(endings) or Path(name).expanduser().is_dir()


def is_here(
    name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None
) -> bool:
    """Tell whether `load` finds the files of a set, without reading them.

    Args:
        name: See `load`.
        data_dir: See `load`.

    Example:
        >>> from keras_regnoise.datasets import is_here
        >>> is_here("digits")
        True
    """
    folder, text = data_folder(data_dir), os.fspath(name)
    if text in WITHOUT_FILES or text.removeprefix("uci/") in GENERATED:
        return True
    if is_path(text):
        return Path(text).expanduser().exists()
    if (folder / f"{text}.npz").is_file():
        return True
    finders = (find_table, find_speech, find_coco, find_files, find_prepared)
    return any(find(text, folder) is not None for find in finders)


def find_table(name: str, folder: Path) -> Path | None:
    """Return the CSV file of `"uci/NAME"` or `"openml/NAME"`, or None."""
    kind, _, table = name.rpartition("/")
    found = _tables(folder, kind, table) if kind in TABLES else iter(())
    return next(found, None)


def _tables(folder: Path, kind: str, table: str) -> Iterator[Path]:
    for place in (folder, folder / kind, folder / "openml"):
        for ending in TABLE_ENDINGS:
            if (place / f"{table}{ending}").is_file():
                yield place / f"{table}{ending}"


def find_speech(name: str, folder: Path) -> Path | None:
    """Return the folder of LibriSpeech or of what was prepared of it, or None."""
    if name != "librispeech":
        return None
    place = folder / "LibriSpeech"
    return place if place.is_dir() else find_prepared(f"{name}/default", folder)


def find_coco(name: str, folder: Path) -> Path | None:
    """Return the folder of COCO 2017, or None."""
    place = folder / "coco"
    is_there = name == "coco/2017" and (place / "annotations").is_dir()
    return place if is_there else None


def find_files(name: str, folder: Path) -> Path | None:
    """Return the folder or the archive of a set of image files, or None."""
    if name == "tiny-imagenet":
        places = (folder / f"{_TINY}{ending}" for ending in _ARCHIVES)
        return next((place for place in places if place.exists()), None)
    return folder / name if has_images(folder / name) else None


def has_images(place: Path) -> bool:
    """Whether a place has images in folders of classes below `train`."""
    if (place / ANNOTATIONS).is_file():
        return True
    folders = (path for path in (place / "train").glob("*") if path.is_dir())
    files = (f"{path.name}/{f.name}" for path in folders for f in path.glob("*"))
    return any(map(is_image, files))


def is_image(file: str) -> bool:
    """Whether a file is an image, by its name, and not hidden, as copies are."""
    is_hidden = any(part.startswith(".") for part in file.split("/"))
    return not is_hidden and file.lower().endswith(_IMAGES)


def find_prepared(name: str, folder: Path) -> Path | None:
    """Return the folder of the newest version that tensorflow-datasets prepared."""
    name, _, version = name.removesuffix(EXTRA).partition(":")
    found = [
        path.parent
        for place in (folder, folder / "tfds")
        for path in place.glob(f"{name}/{version or '[0-9]*'}/dataset_info.json")
    ]
    return max(found, key=lambda path: _version(path.name), default=None)


def prepared(folder: Path) -> list[str]:
    """Return the names of the sets that tensorflow-datasets prepared in a folder."""
    names = {name for place in ("", "tfds") for name in _names(folder / place)}
    return sorted(name for name in names if not name.startswith("tfds/"))


def _names(place: Path) -> Iterator[str]:
    for depth in ("*", "*/*"):
        for path in place.glob(f"{depth}/[0-9]*/dataset_info.json"):
            yield path.parent.parent.relative_to(place).as_posix()


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(n) if n.isdigit() else 0 for n in text.split("."))
