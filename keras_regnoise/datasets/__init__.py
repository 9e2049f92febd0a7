"""Data sets, split once and for all."""

from keras_regnoise.datasets.batches import Batches as Batches
from keras_regnoise.datasets.digits import load_digits as load_digits
from keras_regnoise.datasets.split import Split as Split

__all__ = ["Batches", "Split", "load_digits"]
