"""Image classification sets of tensorflow-datasets."""

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any, cast

import numpy as np

from keras_regnoise.datasets import _missing, _tensors
from keras_regnoise.datasets._places import EXTRA, find_prepared
from keras_regnoise.datasets._stratify import check_size, divide
from keras_regnoise.datasets.data_set import DataSet, digest, from_splits
from keras_regnoise.datasets.split import Split
from keras_regnoise.datasets.stream import STREAM_ABOVE, Stream

_SHUFFLE = 4096  # encoded images
_READ = 1024  # images that are decoded at a time
# The labels of these are not public.
_HIDDEN = {"imagenet2012": "test"}
_WITH_EXTRA = ("svhn_cropped",)


def load_images(
    name: str,
    folder: Path,
    seed: int,
    examples: int | None,
    test_examples: int | None,
    validation_examples: int | None,
    download: bool,
) -> DataSet:
    """Load an image set; see `load`."""
    place = find_prepared(name, folder)
    if place is None and not download:
        raise FileNotFoundError(_missing.message(name, folder))
    builder = _builder(name, folder, place)
    classes = _check_features(name, builder.info.features)
    parts = _splits(builder, extra=name.endswith(EXTRA))
    shape = _shape(builder)
    if _size(builder, parts, shape) > STREAM_ABOVE:
        sizes = (examples, validation_examples, test_examples)
        return _streams(name, builder, parts, classes, sizes)
    arrays = {part: _read(builder, split) for part, split in parts.items()}
    arrays = divide(arrays, seed, examples, test_examples, validation_examples)
    return from_splits(name, arrays, classes)


def is_known(name: str, folder: Path) -> bool:
    """Whether tensorflow-datasets has a set of that name, or the folder does."""
    if find_prepared(name, folder) is not None:
        return True
    if importlib.util.find_spec("tensorflow_datasets") is None:
        raise ModuleNotFoundError(
            f"{name!r} may be a data set of tensorflow-datasets, which is not "
            'installed. Install it with: pip install "keras-regnoise[studies]"'
        )
    import tensorflow_datasets as tfds

    builders = tfds.list_builders(with_community_datasets=False)
    base, extra, _ = name.partition(EXTRA)
    if extra and base not in _WITH_EXTRA:
        return False
    return base.partition(":")[0].partition("/")[0] in builders


def _builder(name: str, folder: Path, place: Path | None) -> Any:
    _tensors.tensorflow()
    import tensorflow_datasets as tfds

    if place is not None:
        return tfds.builder_from_directory(place)
    builder = tfds.builder(name.removesuffix(EXTRA), data_dir=folder)
    builder.download_and_prepare()
    return builder


def _check_features(name: str, features: Any) -> int:
    import tensorflow_datasets as tfds

    found = dict(features)
    image, label = found.get("image"), found.get("label")
    if not isinstance(image, tfds.features.Image) or not isinstance(
        label, tfds.features.ClassLabel
    ):
        kinds = [f"{key}: {type(value).__name__}" for key, value in found.items()]
        raise ValueError(
            f"{name} must have the features 'image' and 'label', a class. "
            f"Received: {', '.join(kinds)}"
        )
    return int(label.num_classes)


def _splits(builder: Any, extra: bool = False) -> dict[str, str]:
    """Return which split of the set is which of ours."""
    if extra:
        return {"train": "train+extra", "test": "test"}
    names = set(builder.info.splits) - {_HIDDEN.get(builder.name)}
    names = names or {"train", "validation" if builder.name in _HIDDEN else "test"}
    if "test" not in names and "validation" in names:
        return {"train": "train", "test": "validation"}
    return {part: part for part in ("train", "validation", "test") if part in names}


def _shape(builder: Any) -> tuple[int, ...]:
    shape = builder.info.features["image"].shape
    return (
        shape if None not in shape else (_tensors.SIDE, _tensors.SIDE, shape[-1] or 3)
    )


def _size(builder: Any, parts: dict[str, str], shape: tuple[int, ...]) -> float:
    splits = builder.info.splits
    count = sum(
        splits[name].num_examples
        for split in parts.values()
        for name in split.split("+")
        if name in splits
    )
    return float(count * np.prod(shape))


def _read(builder: Any, split: str) -> Split:
    examples = builder.as_dataset(split=split, as_supervised=True, shuffle_files=False)
    shape = _shape(builder)
    if None in builder.info.features["image"].shape:
        examples = examples.map(lambda x, y: (_tensors.resize(x, shape), y))
    batches = list(examples.batch(_READ).as_numpy_iterator())
    x, y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return Split(x, y.astype("int64"))


def _streams(
    name: str,
    builder: Any,
    splits: dict[str, str],
    classes: int,
    sizes: tuple[int | None, int | None, int | None],
) -> DataSet:
    """Leave the images in their files; the split is by position, not by class."""
    if "validation" not in splits:
        splits = splits | {"train": "train[:90%]", "validation": "train[90%:]"}
    if "test" not in splits:
        splits = splits | {"train": "train[:70%]", "test": "train[70%:90%]"}
    parts = {}
    limits = dict(zip(("train", "validation", "test"), sizes, strict=True))
    for part, limit in limits.items():
        count = builder.info.splits[splits[part]].num_examples
        if limit is not None:
            argument = "examples" if part == "train" else f"{part}_examples"
            check_size(limit, count, classes, argument)
        opener = functools.partial(_open, builder, splits[part], limit)
        parts[part] = cast(Split, Stream(opener, limit or count))
    content = [builder.info.full_name, splits, limits, str(builder.info.splits)]
    return DataSet(
        name=name,
        **parts,
        classes=classes,
        shape=_shape(builder),
        fingerprint=digest(json.dumps(content, sort_keys=True).encode()),
    )


def _open(builder: Any, split: str, limit: int | None, seed: int | None) -> Any:
    """Return images and classes; shuffled while they are still small."""
    import tensorflow_datasets as tfds

    examples = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(shuffle_seed=seed),
        shuffle_files=seed is not None and limit is None,
        as_supervised=True,
    )
    examples = examples if limit is None else examples.take(limit)
    if seed is not None:
        examples = examples.shuffle(_SHUFFLE, seed, reshuffle_each_iteration=False)
    decode = builder.info.features["image"].decode_example
    return examples.map(
        lambda image, label: (decode(image), label), _tensors.tensorflow().data.AUTOTUNE
    )
