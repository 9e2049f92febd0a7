"""COCO: images with boxes, for detection."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from keras_regnoise.datasets import _tensors
from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import DataSet, fingerprint_of
from keras_regnoise.datasets.split import Array, Split, mapped
from keras_regnoise.datasets.stream import Stream

SIDE = 640  # the longer one
_YEAR = "2017"
_NO_BOX = -1
_PARTS = {"train": f"train{_YEAR}", "test": f"val{_YEAR}"}


class _Images(NamedTuple):
    """The images of a part, and what is on them in pixels of `SIDE`."""

    files: Array
    boxes: Array
    labels: Array


def load_coco(name: str, place: Path, *sizes: Any) -> DataSet:
    """Load COCO 2017; its images are read in batches.

    Inputs are images of 640 x 640, the longer side resized to it and black to the
    right or below. Targets are a dict: `"boxes"`, `(most, 4)`, left, top, right and
    bottom in pixels of the input, and `"labels"`, `(most,)`, 0 to 79, -1 where there is
    no box. Boxes around crowds are left out.

    Args:
        name: Name of the set.
        place: A folder with train2017, val2017 and annotations.
        *sizes: Seed, examples, test and validation examples; see `load`.
    """
    found = {split: _annotations(place, part) for split, part in _PARTS.items()}
    classes = sorted({c["id"]: c["name"] for c in found["train"]["categories"]})
    numbers = {category: number for number, category in enumerate(classes)}
    parts = {
        split: _images(content, _PARTS[split], numbers)
        for split, content in found.items()
    }
    most = max(part.labels.shape[1] for part in parts.values())
    whole = {split: _split(part, most) for split, part in parts.items()}
    splits = divide(whole, *sizes, stratified=False)
    streams = {
        split: Stream(functools.partial(_open, place, data), len(data.x), fitted=True)
        for split, data in splits.items()
    }
    return DataSet(
        name=name,
        **{split: cast(Split, stream) for split, stream in streams.items()},
        classes=len(classes),
        shape=(SIDE, SIDE, 3),
        fingerprint=fingerprint_of(splits),
    )


def _annotations(place: Path, part: str) -> dict[str, Any]:
    file = place / "annotations" / f"instances_{part}.json"
    if not file.is_file() or not (place / part).is_dir():
        raise FileNotFoundError(
            f"{place} must have {part}/*.jpg and annotations/{file.name}. Unpack "
            f"{part}.zip and annotations_trainval{_YEAR}.zip there."
        )
    try:
        content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{file} is not whole: {error}. Unpack it again.") from error
    missing = {"images", "annotations", "categories"} - content.keys()
    if missing:
        raise ValueError(f"{file} has no {', '.join(sorted(missing))}.")
    return content


def _images(
    content: Mapping[str, Any], folder: str, numbers: Mapping[int, int]
) -> _Images:
    """Collect the boxes of every image, scaled as the image will be."""
    on_image: dict[int, list[tuple[list[float], int]]] = {}
    for one in content["annotations"]:
        if not one.get("iscrowd"):
            box = one["bbox"], numbers[one["category_id"]]
            on_image.setdefault(one["image_id"], []).append(box)
    images = sorted(content["images"], key=lambda image: image["id"])
    most = max(1, *(len(boxes) for boxes in on_image.values()))
    boxes = np.zeros((len(images), most, 4), "float32")
    labels = np.full((len(images), most), _NO_BOX, "int64")
    for row, image in enumerate(images):
        scale = SIDE / max(image["height"], image["width"])
        for place, ((x, y, w, h), label) in enumerate(on_image.get(image["id"], ())):
            boxes[row, place] = np.multiply((x, y, x + w, y + h), scale)
            labels[row, place] = label
    return _Images(
        np.array([f"{folder}/{image['file_name']}" for image in images]), boxes, labels
    )


def _split(images: _Images, most: int) -> Split:
    more = most - images.labels.shape[1]
    targets = {
        "boxes": np.pad(images.boxes, ((0, 0), (0, more), (0, 0))),
        "labels": np.pad(images.labels, ((0, 0), (0, more)), constant_values=_NO_BOX),
    }
    return Split(images.files, targets)


def _open(place: Path, data: Split, seed: int | None) -> Any:
    tf = _tensors.tensorflow()
    order = np.arange(len(data.x))
    if seed is not None:
        order = np.random.default_rng(seed).permutation(order)
    files = [f"{place}/{file}" for file in data.x[order].tolist()]
    targets = mapped(lambda y: y[order], data.y)
    examples = tf.data.Dataset.from_tensor_slices((files, targets))
    return examples.map(lambda file, y: (_image(file), y), tf.data.AUTOTUNE)


def _image(file: Any) -> Any:
    """Return an image, uint8, whose longer side is `SIDE`, black where it ends."""
    tf = _tensors.tensorflow()
    content = tf.io.read_file(file)
    image = tf.io.decode_image(content, channels=3, expand_animations=False)
    size = tf.cast(tf.shape(image)[:2], tf.float32)
    size = tf.cast(tf.round(size * SIDE / tf.reduce_max(size)), tf.int32)
    image = tf.round(tf.image.resize(image, tf.maximum(size, 1), antialias=True))
    image = tf.image.pad_to_bounding_box(image, 0, 0, SIDE, SIDE)
    return tf.cast(tf.ensure_shape(image, (SIDE, SIDE, 3)), tf.uint8)
