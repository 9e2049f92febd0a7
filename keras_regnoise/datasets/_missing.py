"""Sets that may not be here: how large they are, and where to get them."""

import os
from pathlib import Path
from typing import NamedTuple

from keras_regnoise.datasets._places import (
    EXTRA,
    GENERATED,
    TABLES,
    WITHOUT_FILES,
    data_folder,
    is_here,
)
from keras_regnoise.datasets._uci import UCI, where

_KEPT = 0.9  # of the training examples, where a validation split is drawn
_OF_TABLE = 0.8 * _KEPT  # where a test split is drawn as well


class Wanted(NamedTuple):
    """A set that has to be fetched.

    Attributes:
        examples: Training examples, without a validation split.
        size: Of what is fetched.
        how: What to do, if it is not tensorflow-datasets alone that does it.
    """

    examples: int
    size: str
    how: str = ""


SETS = {
    "cifar10": Wanted(45_000, "163 MB"),
    "cifar100": Wanted(45_000, "161 MB"),
    "svhn_cropped": Wanted(65_931, "1.5 GB"),
    f"svhn_cropped{EXTRA}": Wanted(543_949, "1.5 GB"),
    "emnist/balanced": Wanted(101_520, "536 MB"),
    "coco/2017": Wanted(
        106_458,
        "19 GB",
        "Fetch train2017.zip, val2017.zip and annotations_trainval2017.zip from "
        "https://cocodataset.org and unpack them in {folder}/coco.",
    ),
    "librispeech": Wanted(
        28_539,
        "7.1 GB",
        "Fetch train-clean-100.tar.gz, dev-clean.tar.gz and test-clean.tar.gz from "
        "https://www.openslr.org/12 and unpack them in {folder}, as "
        "{folder}/LibriSpeech/train-clean-100 and so on.",
    ),
    "tiny-imagenet": Wanted(
        90_000,
        "237 MB",
        "Fetch http://cs231n.stanford.edu/tiny-imagenet-200.zip and put it into "
        "{folder}; it is read as it is, packed or unpacked.",
    ),
    "imagenet2012": Wanted(
        1_153_050,
        "144 GB",
        "Fetch ILSVRC2012_img_train.tar (138 GB) and ILSVRC2012_img_val.tar (6 GB) "
        "from https://image-net.org (an account is needed). Either unpack them as "
        "{folder}/imagenet2012/train/CLASS/*.JPEG and {folder}/imagenet2012/val/CLASS/"
        "*.JPEG; or put them into {folder}/downloads/manual and run",
    ),
}


def train_examples(name: str) -> int | None:
    """Return how many examples a known set has to train on, or None; nothing is read.

    Example:
        >>> from keras_regnoise.datasets import train_examples
        >>> train_examples("cifar10")
        45000
    """
    if name in SETS:
        return SETS[name].examples
    if name in WITHOUT_FILES:
        return WITHOUT_FILES[name]
    table = name.rpartition("/")[2]
    rows = UCI[table].rows if table in UCI else GENERATED.get(table)
    return None if rows is None else round(rows * _OF_TABLE)


def missing(name: str, data_dir: str | os.PathLike[str] | None = None) -> str:
    """Say what to fetch of a set that is not here; nothing is read.

    Args:
        name: See `load`.
        data_dir: See `load`.

    Returns:
        How large it is, where it can be had and where to put it; `""` if it is here,
        or not a set that is known by name.

    Example:
        >>> from keras_regnoise.datasets import missing
        >>> missing("digits")
        ''
        >>> missing("cifar100", "nowhere")
        'cifar100 is not in nowhere. It is 161 MB to download. ...
    """
    is_known = name in SETS or name.partition("/")[0] in TABLES
    if not is_known or is_here(name, data_dir):
        return ""
    return message(name, data_folder(data_dir))


def message(name: str, folder: Path) -> str:
    """Say what to fetch, how large it is and where to put it."""
    kind, _, table = name.rpartition("/")
    if kind in TABLES:
        return _of_table(kind, table, folder)
    wanted = SETS.get(name, Wanted(0, ""))
    base = name.removesuffix(EXTRA)
    size = f" It is {wanted.size} to download." if wanted.size else ""
    how = wanted.how.format(folder=folder)
    text = f"{name} is not in {folder}.{size} {how}".rstrip()
    if wanted.how and not wanted.how.endswith("run"):
        return text
    # Not `tfds build`, which needs apache_beam.
    command = (
        'python -c "import tensorflow_datasets as tfds; '
        f"tfds.builder('{base}', data_dir='{folder}').download_and_prepare()\""
    )
    ask = "" if wanted.how else " Prepare it there, with a network:"
    return f"{text}{ask} {command} or load({name!r}, {str(folder)!r}, download=True)."


def _of_table(kind: str, table: str, folder: Path) -> str:
    name = f"{kind}/{table}"
    text = (
        f"{name} is not in {folder}. {where(kind, table)} Put {table}.csv or "
        f"{table}.csv.gz there (a header row, and a column 'label')"
    )
    if kind == "uci" and table not in UCI:
        return f"{text}."
    return f"{text}, or fetch it with load({name!r}, {str(folder)!r}, download=True)."
