"""Data sets, split once and for all, and their batches.

Example:
    >>> from keras_regnoise import datasets
    >>> digits = datasets.load("digits")
    >>> digits
    DataSet(name='digits', classes=10, shape=(8, 8, 1), fingerprint='sha256:...')
    >>> len(digits.batches("train", 50, seed=1))
    10
"""

import importlib
from typing import TYPE_CHECKING

from keras_regnoise.datasets._missing import missing as missing
from keras_regnoise.datasets._missing import train_examples as train_examples
from keras_regnoise.datasets._places import is_here as is_here

if TYPE_CHECKING:
    from keras_regnoise.datasets._load import load as load
    from keras_regnoise.datasets.augmentations import AUGMENTATIONS as AUGMENTATIONS
    from keras_regnoise.datasets.data_set import DataSet as DataSet
    from keras_regnoise.datasets.digits import load_digits as load_digits
    from keras_regnoise.datasets.folds import fold as fold
    from keras_regnoise.datasets.split import Split as Split

__all__ = [
    "AUGMENTATIONS",
    "DataSet",
    "Split",
    "fold",
    "is_here",
    "load",
    "load_digits",
    "missing",
    "train_examples",
]

# Where a set lies is told without Keras, which reading it needs.
_LAZY = {
    "AUGMENTATIONS": "augmentations",
    "DataSet": "data_set",
    "Split": "split",
    "fold": "folds",
    "load": "_load",
    "load_digits": "digits",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
