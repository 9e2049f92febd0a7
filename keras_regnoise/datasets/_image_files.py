"""Image sets that are files: a folder for every class, and Tiny ImageNet."""

import functools
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from keras_regnoise.datasets import _archive, _tensors
from keras_regnoise.datasets._places import ANNOTATIONS, is_image
from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import DataSet, digest, from_splits
from keras_regnoise.datasets.split import Array, Split
from keras_regnoise.datasets.stream import STREAM_ABOVE, Stream

_LOOKED_AT = 32  # images, for the size of all
# Names of a split's folder. The labels of what is called test are often not public: it
# counts if it has a folder for every class.
_FOLDERS = {"train": ("train",), "validation": ("validation", "val"), "test": ("test",)}


def load_files(name: str, place: Path, *sizes: Any) -> DataSet:
    """Load an image set that is files.

    Args:
        name: Name of the set.
        place: A folder with `train/CLASS/*.jpg`, and perhaps `val` and `test` of the
            same form; or Tiny ImageNet, as a folder or an archive, where the class of
            an image of `val` is in a file.
        *sizes: Seed, examples, test and validation examples; see `load`.
    """
    files = _archive.names(place)
    labels = _tiny_labels(place, files) or _folder_labels(files)
    if not labels.get("train"):
        raise ValueError(
            f"{place} must have images as train/CLASS/NAME.jpg. Received: "
            f"{', '.join(files[:3]) or 'no files'}"
        )
    if "test" not in labels and "validation" in labels:
        labels["test"] = labels.pop("validation")
    classes = sorted(set(labels["train"].values()))
    splits = {split: _numbered(files, classes) for split, files in labels.items()}
    splits = divide(splits, *sizes)
    shape = _shape(place, splits["train"].x)
    count = sum(len(split.y) for split in splits.values())
    if place.is_dir() and count * np.prod(shape) > STREAM_ABOVE:
        return _streams(name, place, splits, len(classes), shape)
    return from_splits(name, _read(place, splits, shape), len(classes))


def _folder_labels(files: list[str]) -> dict[str, dict[str, str]]:
    """Return the class of every image, by split: the name of the folder it is in."""
    found: dict[str, dict[str, str]] = {}
    for file in filter(is_image, files):
        top, *folders, _ = file.split("/")
        for split, tops in _FOLDERS.items():
            if top in tops and len(folders) == 1:
                found.setdefault(split, {})[file] = folders[0]
    return found


def _tiny_labels(place: Path, files: list[str]) -> dict[str, dict[str, str]]:
    """Return the same of Tiny ImageNet; nothing if this is another set."""
    if ANNOTATIONS not in files:
        return {}
    ((_, text),) = _archive.contents(place, [ANNOTATIONS])
    rows = (line.split("\t") for line in text.decode().splitlines())
    test = {f"val/images/{row[0]}": row[1] for row in rows}
    missing = test.keys() - set(files)
    if missing:
        raise ValueError(
            f"{place} is not whole: {len(missing)} images of {ANNOTATIONS} are not "
            f"there, such as {min(missing)}. Fetch it again."
        )
    train = {
        file: file.split("/")[1]
        for file in filter(is_image, files)
        if file.startswith("train/") and file.split("/")[2:-1] == ["images"]
    }
    return {"train": train, "test": test}


def _numbered(labels: Mapping[str, str], classes: list[str]) -> Split:
    unknown = sorted(set(labels.values()) - set(classes))
    if unknown:
        raise ValueError(
            "The training split must have all classes of the other splits. "
            f"Missing there: {', '.join(unknown)}"
        )
    number = {name: index for index, name in enumerate(classes)}
    y = [number[label] for label in labels.values()]
    return Split(np.array(list(labels)), np.array(y, "int64"))


def _shape(place: Path, files: Array) -> tuple[int, int, int]:
    """Return the size that the first images share, or that of a crop."""
    first = itertools.islice(files.tolist(), _LOOKED_AT)
    found = {
        tuple(_decode(content).shape)
        for _, content in _archive.contents(place, list(first))
    }
    height, width, _ = (
        found.pop() if len(found) == 1 else (_tensors.SIDE, _tensors.SIDE, 3)
    )
    return int(height), int(width), 3


def _read(
    place: Path, splits: Mapping[str, Split], shape: tuple[int, ...]
) -> dict[str, Split]:
    """Read all images that are in a split, in one pass over the archive."""
    where = {
        file: (split, row)
        for split, data in splits.items()
        for row, file in enumerate(data.x.tolist())
    }
    images = {
        split: np.empty((len(data.y), *shape), "uint8")
        for split, data in splits.items()
    }
    for file, content in _archive.contents(place, where):
        image = _decode(content)
        if image.shape != shape:
            image = _tensors.resize(image, shape)
        split, row = where[file]
        images[split][row] = image.numpy()
    return {split: Split(images[split], data.y) for split, data in splits.items()}


def _streams(
    name: str,
    place: Path,
    splits: Mapping[str, Split],
    classes: int,
    shape: tuple[int, ...],
) -> DataSet:
    content = {
        split: [data.x.tolist(), data.y.tolist()] for split, data in splits.items()
    }
    return DataSet(
        name=name,
        **{
            split: cast(
                Split, Stream(functools.partial(_open, place, data), len(data.y))
            )
            for split, data in splits.items()
        },
        classes=classes,
        shape=shape,
        fingerprint=digest(json.dumps(content, sort_keys=True).encode()),
    )


def _open(place: Path, data: Split, seed: int | None) -> Any:
    """Return images and classes, in an order that a seed draws from all of them."""
    tf = _tensors.tensorflow()
    order = np.arange(len(data.y))
    if seed is not None:
        order = np.random.default_rng(seed).permutation(order)
    files = [f"{place}/{file}" for file in data.x[order].tolist()]
    examples = tf.data.Dataset.from_tensor_slices((files, data.y[order]))
    return examples.map(
        lambda file, label: (_decode(tf.io.read_file(file)), label), tf.data.AUTOTUNE
    )


def _decode(content: Any) -> Any:
    tf = _tensors.tensorflow()
    return tf.io.decode_image(content, channels=3, expand_animations=False)
