"""Lines of handwritten digits, which are read from left to right as speech is heard."""

from typing import Any

import numpy as np

from keras_regnoise.datasets._from_digits import from_digits
from keras_regnoise.datasets.data_set import DataSet
from keras_regnoise.datasets.split import Split

LINES = {"train": 1000, "validation": 200, "test": 400}
_SHORTEST, _LONGEST = 3, 5
_SIDE, _WIDEST_GAP = 8, 3


def load_lines(name: str, seed: int, *sizes: Any) -> DataSet:
    """Write lines of three to five of scikit-learn's digits, for `keras.losses.CTC`.

    Inputs are the columns of a line, of 8 pixels each, in [0, 1] and 0 behind its end.
    Targets are its digits, 1 for a zero to 10 for a nine, and 0 behind its end. The
    digits of a split are those of the same split of `"digits"`.

    Args:
        name: Name of the set.
        seed: Seed of the lines and of the split.
        *sizes: Examples, test and validation examples; see `load`.
    """
    return from_digits(name, seed, LINES, _write, 11, *sizes)


def _write(digits: Split, count: int, random: np.random.Generator) -> Split:
    x = np.zeros((count, _LONGEST * (_SIDE + _WIDEST_GAP), _SIDE), "float32")
    y = np.zeros((count, _LONGEST), "int64")
    for line, labels in zip(x, y, strict=True):
        column = 0
        for place in range(random.integers(_SHORTEST, _LONGEST + 1)):
            digit = random.integers(len(digits.y))
            column += int(random.integers(1, _WIDEST_GAP + 1))
            line[column : column + _SIDE] = digits.x[digit, ..., 0].T
            labels[place] = 1 + digits.y[digit]
            column += _SIDE
    return Split(x, y)
