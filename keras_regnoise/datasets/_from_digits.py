"""Data sets that are put together of handwritten digits, without files."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_regnoise.datasets._stratify import cut
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.digits import load_digits
from keras_regnoise.datasets.split import Split

Make = Callable[[Split, int, np.random.Generator], Split]


def from_digits(
    name: str,
    seed: int,
    counts: Mapping[str, int],
    make: Make,
    classes: int,
    *sizes: Any,
) -> DataSet:
    """Make so many examples of every split, of the digits of the same split.

    Args:
        name: Name of the set.
        seed: Seed of the examples and of the split.
        counts: Examples of every split, in the order of `load_digits`.
        make: Makes examples: of which digits, how many, with which generator.
        classes: Number of classes.
        *sizes: Examples, test and validation examples; see `load`.
    """
    digits = dict(zip(counts, load_digits(seed), strict=True))
    splits = {
        split: make(digits[split], count, np.random.default_rng((seed, number)))
        for number, (split, count) in enumerate(counts.items())
    }
    return from_splits(name, cut(splits, seed, *sizes, stratified=False), classes)
