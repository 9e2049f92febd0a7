"""Images on the disk as ImageNet and COCO have them, to be read by a benchmark."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# The mean size of an image of ImageNet, and the usual one of COCO.
IMAGENET, COCO = (375, 500), (480, 640)
_CLASSES = 10
_DIFFERENT = 64  # images; each lies there under many names
_GRAIN = 16  # pixels; with the noise, files of about 110 kB, as ImageNet's are
_NOISE = 10.0


def jpegs(shape: tuple[int, int]) -> list[bytes]:
    """Return different images, encoded."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    coarse = [-(-side // _GRAIN) for side in shape]
    encoded = []
    for _ in range(_DIFFERENT):
        smooth = tf.image.resize(random.uniform(0, 255, (*coarse, 3)), shape, "bicubic")
        pixels = smooth + random.normal(0, _NOISE, (*shape, 3))
        image = tf.saturate_cast(pixels, tf.uint8)
        encoded.append(tf.io.encode_jpeg(image, quality=95).numpy())
    return encoded


def imagenet_folders(folder: Path, count: int) -> None:
    """Write `imagenet2012/train/CLASS/*.JPEG`, and some below `val`."""
    images = jpegs(IMAGENET)
    for part, of_part in (("train", count), ("val", _DIFFERENT)):
        place = folder / "imagenet2012" / part
        files = (f"n{n % _CLASSES:08d}/{n}.JPEG" for n in range(of_part))
        _write(place, files, images)


def imagenet_records(folder: Path, count: int) -> None:
    """Write the same as tensorflow-datasets prepares it, in as many parts."""
    import tensorflow_datasets as tfds

    images = jpegs(IMAGENET)
    with tfds.core.registered.skip_registration():

        class Imagenet2012(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
            """The set of that name, with other images."""

            VERSION = tfds.core.Version("5.1.0")

            def _info(self) -> Any:
                features = {
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "label": tfds.features.ClassLabel(num_classes=1000),
                    "file_name": tfds.features.Text(),
                }
                return self.dataset_info_from_configs(
                    features=tfds.features.FeaturesDict(features),
                    supervised_keys=("image", "label"),
                )

            def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
                parts = {"train": count, "validation": _DIFFERENT}
                return {part: self._generate_examples(parts[part]) for part in parts}

            def _generate_examples(self, of_part: int) -> Iterator[Any]:
                for n in range(of_part):
                    example = {"image": images[n % _DIFFERENT], "label": n % _CLASSES}
                    yield n, example | {"file_name": f"{n}.JPEG"}

    config = tfds.download.DownloadConfig(num_shards=_DIFFERENT)
    builder = Imagenet2012(data_dir=folder)
    builder.download_and_prepare(download_config=config)


def coco(folder: Path, count: int) -> None:
    """Write train2017, val2017 and annotations, with seven boxes on an image."""
    images = jpegs(COCO)
    height, width = COCO
    for part, of_part in (("train2017", count), ("val2017", _DIFFERENT)):
        names = [f"{n:012d}.jpg" for n in range(of_part)]
        _write(folder / "coco" / part, names, images)
        boxes = [
            {"image_id": n % of_part, "category_id": 1 + n % _CLASSES, "iscrowd": 0}
            | {"bbox": [n % 400, n % 300, 100.0, 80.5]}
            for n in range(7 * of_part)
        ]
        content = {
            "images": [
                {"id": n, "file_name": name, "height": height, "width": width}
                for n, name in enumerate(names)
            ],
            "annotations": boxes,
            "categories": [{"id": 1 + n, "name": f"{n}"} for n in range(_CLASSES)],
        }
        file = folder / "coco" / "annotations" / f"instances_{part}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content))


def _write(place: Path, names: Any, images: list[bytes]) -> None:
    """Write every image once, and link further names to it."""
    first: list[Path] = []
    for number, name in enumerate(names):
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if number < len(images):
            file.write_bytes(images[number])
            first.append(file)
        else:
            os.link(first[number % len(images)], file)
