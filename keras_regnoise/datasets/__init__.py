"""Data sets, split once and for all, and their batches.

Example:
    >>> from keras_regnoise import datasets
    >>> digits = datasets.load("digits")
    >>> digits
    DataSet(name='digits', classes=10, shape=(8, 8, 1), fingerprint='sha256:...')
    >>> len(digits.batches("train", 50, seed=1))
    10
"""

from keras_regnoise.datasets.augmentations import AUGMENTATIONS as AUGMENTATIONS
from keras_regnoise.datasets.data_set import DataSet as DataSet
from keras_regnoise.datasets.digits import load_digits as load_digits
from keras_regnoise.datasets.load import is_here as is_here
from keras_regnoise.datasets.load import load as load
from keras_regnoise.datasets.load import train_examples as train_examples
from keras_regnoise.datasets.split import Split as Split

__all__ = [
    "AUGMENTATIONS",
    "DataSet",
    "Split",
    "is_here",
    "load",
    "load_digits",
    "train_examples",
]
