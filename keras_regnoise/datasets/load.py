"""Data sets by name."""

import os
from pathlib import Path

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets import _image_files, _images, _missing, _tables
from keras_regnoise.datasets._generated import GENERATED
from keras_regnoise.datasets._stratify import cut
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.digits import load_digits

DATA_DIR = "KERAS_REGNOISE_DATA"
_TABLES = ("uci/", "openml/")
_KNOWN = (
    "digits",
    *GENERATED,
    "uci/NAME",
    "openml/NAME",
    "tiny-imagenet",
    "an image set of tensorflow-datasets (cifar10, cifar100, svhn_cropped, "
    "svhn_cropped+extra, emnist/balanced, imagenet2012, ...)",
    "the path of a CSV file, of an .npz file, of a folder with train.csv or with "
    "images as train/CLASS/NAME.jpg",
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
        name: `"digits"`; `"ringnorm"`, `"twonorm"`, `"led-display"` (generated);
            an image set of tensorflow-datasets such as `"cifar10"`;
            `"tiny-imagenet"`; `"uci/NAME"` or `"openml/NAME"`, a table; or the path
            of a CSV file with a header row and a column `label`, of a folder with
            `train.csv` (and `validation.csv`, `test.csv`) or with images as
            `train/CLASS/NAME.jpg` (and `val`, `test`), or of an `.npz` file with `x`
            and `y`, or `x_train`, `y_train` (and `x_test`, `y_test`, `x_validation`,
            `y_validation`).
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
    folder = _folder(data_dir)
    text = os.fspath(name)
    sizes = (seed, examples, test_examples, validation_examples)
    if text == "digits":
        return _digits(*sizes)
    if _is_path(text):
        path = Path(text).expanduser()
        if _image_files.is_image_folder(path):
            return _image_files.load_files(path.name, path, *sizes)
        return _tables.load_path(path, *sizes)
    if (folder / f"{text}.npz").is_file():  # for machines without TensorFlow
        return _tables.load_path(folder / f"{text}.npz", *sizes)
    kind, _, table = text.rpartition("/")
    if text in GENERATED or f"{kind}/" in _TABLES:
        return _tables.load_table(kind, table, folder, *sizes, download)
    if files := _image_files.find(text, folder):
        return _image_files.load_files(text, files, *sizes)
    by_hand = not download or text == "tiny-imagenet"
    if by_hand and text in _missing.SETS and _images.find(text, folder) is None:
        raise FileNotFoundError(_missing.message(text, folder))
    if not _images.is_known(text, folder):
        raise ValueError(
            f"Unknown data set {text!r}. Known are:\n  "
            + "\n  ".join(_KNOWN)
            + f"\nPrepared in {folder}: {', '.join(prepared(folder)) or 'nothing'}"
        )
    return _images.load_images(text, folder, *sizes, download)


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
    folder, text = _folder(data_dir), os.fspath(name)
    if text == "digits" or text.removeprefix("uci/") in GENERATED:
        return True
    if _is_path(text):
        return Path(text).expanduser().exists()
    if (folder / f"{text}.npz").is_file():
        return True
    finders = (_tables.find, _image_files.find, _images.find)
    return any(find(text, folder) is not None for find in finders)


def train_examples(name: str) -> int | None:
    """Return how many examples a known set has to train on; nothing is read."""
    return _missing.train_examples(name)


def prepared(folder: Path) -> list[str]:
    """Return the names of the sets that lie in a folder."""
    return [*_images.prepared(folder), *_tables.prepared(folder)]


def _digits(seed: int, *sizes: int | None) -> DataSet:
    splits = dict(zip(("train", "validation", "test"), load_digits(seed), strict=True))
    return from_splits("digits", cut(splits, seed, *sizes), 10)


def _is_path(name: str) -> bool:
    endings = (".csv", ".csv.gz", ".npz")
    return name.endswith(endings) or Path(name).expanduser().is_dir()


def _folder(data_dir: str | os.PathLike[str] | None) -> Path:
    folder = data_dir or os.environ.get(DATA_DIR) or _default_folder()
    return Path(folder).expanduser()


def _default_folder() -> str:
    return os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
