from dataclasses import replace

import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets.data_set import DataSet
from keras_regnoise.datasets.split import Split, count, take


def fold(data: DataSet, folds: int, number: int) -> DataSet:
    """Return a data set that validates on another part of its training data.

    Training and validation part together are divided into `folds` parts, class by class
    where the targets are classes; one of them is for the validation, the others are
    for the training. The test part stays what it is.

    Args:
        data: The data set, in memory.
        folds: Number of parts, 2 or more.
        number: Which part; counted on from 0 when there are no more.

    Raises:
        ValueError: If there are fewer examples than parts.

    Example:
        >>> from keras_regnoise.datasets import load
        >>> parts = [fold(load("digits"), 4, number) for number in range(4)]
        >>> [len(part.validation.y) for part in parts]
        [200, 199, 199, 199]
    """
    check_integer("folds", folds, minimum=2)
    if not isinstance(data.train, Split):
        raise ValueError(f"{data.name} is too large for folds: it is read in batches.")
    both = zip(data.train, data.validation, strict=True)
    pool = Split(*(_joined(one, other) for one, other in both))
    size = count(pool.y)
    if size < folds:
        raise ValueError(f"{data.name} has {size} examples, too few for {folds} folds.")
    order = np.random.default_rng(0).permutation(size)
    if data.classes > 1:
        order = order[np.argsort(np.ravel(pool.y)[order], kind="stable")]
    part = np.empty(size, int)
    part[order] = np.arange(size) % folds
    chosen = part == number % folds
    return replace(data, train=take(pool, ~chosen), validation=take(pool, chosen))


def _joined(one: object, other: object) -> object:
    import keras

    return keras.tree.map_structure(lambda a, b: np.concatenate([a, b]), one, other)
