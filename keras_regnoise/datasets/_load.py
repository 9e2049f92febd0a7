"""Data sets by name."""

import os
from pathlib import Path

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets import _images, _missing, _places, _tables
from keras_regnoise.datasets._coco import load_coco
from keras_regnoise.datasets._digit_boxes import load_boxes
from keras_regnoise.datasets._digit_lines import load_lines
from keras_regnoise.datasets._image_files import load_files
from keras_regnoise.datasets._speech import load_speech
from keras_regnoise.datasets._stratify import cut
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.digits import load_digits

_KNOWN = (
    "digits",
    "digit-lines",
    "digit-boxes",
    *_places.GENERATED,
    "uci/NAME",
    "openml/NAME",
    "librispeech",
    "coco/2017",
    "tiny-imagenet",
    "an image set of tensorflow-datasets (cifar10, cifar100, svhn_cropped, "
    "svhn_cropped+extra, emnist/balanced, imagenet2012, ...)",
    "the path of a CSV file, of an .npz file, of a folder with train.csv or with "
    "images as train/CLASS/NAME.jpg",
)

# Sets that are read as their archives unpack: where they lie, and what reads them.
_FILES = (
    (_places.find_files, load_files),
    (_places.find_speech, load_speech),
    (_places.find_coco, load_coco),
)


def load(
    name: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
    examples: int | None = None,
    test_examples: int | None = None,
    validation_examples: int | None = None,
    download: bool = False,
) -> DataSet:
    """Load a data set and split it, the same way every time.

    A set without a test split gives 20 % to it, one without a validation split 10 % of
    the rest, stratified by class. What a table needs (scale, categories, replacement
    of missing values) is learned from the training split alone.

    Args:
        name: `"digits"`, `"digit-lines"`, `"digit-boxes"`; `"ringnorm"`, `"twonorm"`,
            `"led-display"` (generated); an image set of tensorflow-datasets such as
            `"cifar10"`; `"tiny-imagenet"`; `"librispeech"`; `"coco/2017"`;
            `"uci/NAME"` or `"openml/NAME"`, a table; or the path of a CSV file with a
            header row and a column `label`, of a folder with `train.csv` (and
            `validation.csv`, `test.csv`) or with images as `train/CLASS/NAME.jpg` (and
            `val`, `test`), or of an `.npz` file with `x` and `y`, or `x_train`,
            `y_train` (and `x_test`, `y_test`, `x_validation`, `y_validation`).
        data_dir: Folder of the files. Defaults to the environment variable
            `KERAS_REGNOISE_DATA`, or the default of tensorflow-datasets. A set that
            lies there as `NAME.npz`, or as a folder `NAME` of images, is read from
            there.
        seed: Seed of the split.
        examples: Training examples to keep, stratified; None for all.
        test_examples: Test examples to keep, stratified; None for all.
        validation_examples: Validation examples to keep, stratified; None for all.
        download: Whether a set that is not in `data_dir` may be downloaded. Without
            it the network is left alone.

    Returns:
        The data set. One of more than 8 GB is read from its files in batches.

    Raises:
        ValueError: If the name is unknown, or the data do not fit.
        FileNotFoundError: If the files are not there.

    Example:
        >>> from keras_regnoise.datasets import load
        >>> load("twonorm", examples=200).train.x.shape
        (200, 20)
    """
    check_integer("seed", seed, minimum=0)
    folder = _places.data_folder(data_dir)
    text = os.fspath(name)
    sizes = (seed, examples, test_examples, validation_examples)
    if text == "digits":
        return _digits(*sizes)
    if text == "digit-lines":
        return load_lines(text, *sizes)
    if text == "digit-boxes":
        return load_boxes(text, *sizes)
    if _places.is_path(text):
        path = Path(text).expanduser()
        if _places.has_images(path):
            return load_files(path.name, path, *sizes)
        return _tables.load_path(path, *sizes)
    if (folder / f"{text}.npz").is_file():  # for machines without TensorFlow
        return _tables.load_path(folder / f"{text}.npz", *sizes)
    kind, _, table = text.rpartition("/")
    if text in _places.GENERATED or kind in _places.TABLES:
        return _tables.load_table(kind, table, folder, *sizes, download)
    for find, read in _FILES:
        if place := find(text, folder):
            return read(text, place, *sizes)
    by_hand = not download or text in _places.BY_HAND
    if (
        by_hand
        and text in _missing.SETS
        and _places.find_prepared(text, folder) is None
    ):
        raise FileNotFoundError(_missing.message(text, folder))
    if not _images.is_known(text, folder):
        raise ValueError(
            f"Unknown data set {text!r}. Known are:\n  "
            + "\n  ".join(_KNOWN)
            + f"\nPrepared in {folder}: {', '.join(prepared(folder)) or 'nothing'}"
        )
    return _images.load_images(text, folder, *sizes, download)


def prepared(folder: Path) -> list[str]:
    """Return the names of the sets that lie in a folder."""
    return [*_places.prepared(folder), *_tables.prepared(folder)]


def _digits(seed: int, *sizes: int | None) -> DataSet:
    splits = dict(zip(("train", "validation", "test"), load_digits(seed), strict=True))
    return from_splits("digits", cut(splits, seed, *sizes), 10)
