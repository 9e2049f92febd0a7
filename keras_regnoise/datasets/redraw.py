"""Other training examples for every seed."""

import numpy as np

from keras_regnoise._arguments import check_number
from keras_regnoise.datasets._stratify import check_size, draw
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.split import Array, Split, take
from keras_regnoise.datasets.stream import Stream

_SUBSET, _REST, _LABELS = 3, 4, 5  # streams of random numbers


def redraw(
    data: DataSet,
    seed: int,
    *,
    examples: int | None = None,
    validation_examples: int | None = None,
    wrong_labels: float = 0.0,
) -> DataSet:
    """Draw the training and validation examples of a data set anew.

    Results over several seeds then say something of the task, and not of one training
    set. The test split stays as it is. The draws are stratified by class.

    Args:
        data: The data set, whole; its training and validation splits are one pool.
        seed: Seed of the draws.
        examples: Training examples; by default as many as `data` has.
        validation_examples: Validation examples; by default as many as `data` has.
        wrong_labels: Share in [0, 1] of the training examples that get the label of
            another class, drawn uniformly. Validation and test labels stay right.

    Returns:
        The data set with other splits.

    Raises:
        ValueError: If the data are read in batches, the targets are no classes, or
            there are not as many examples.

    Example:

    >>> from keras_regnoise.datasets import load
    >>> digits = load("digits")
    >>> one, other = (redraw(digits, seed, wrong_labels=0.4) for seed in (1, 2))
    >>> one.sizes
    {'train': 500, 'validation': 297, 'test': 1000}
    >>> one.fingerprint == other.fingerprint
    False
    """
    check_number("wrong_labels", wrong_labels, minimum=0.0, maximum=1.0)
    _check(data)
    pool = _joined(data.train, data.validation)
    count = data.sizes["train"] if examples is None else examples
    check_size(count, len(pool.y) - 1, data.classes, "examples")
    chosen, rest = draw(pool.y, count, (seed, _SUBSET), every_class=True)
    left = take(pool, rest)
    held = data.sizes["validation"]
    held = min(held, len(rest)) if validation_examples is None else validation_examples
    check_size(held, len(rest), 1, "validation_examples")
    validation = take(left, draw(left.y, held, (seed, _REST))[0])
    train = take(pool, chosen)
    labels = _mislabelled(train.y, data.classes, wrong_labels, seed)
    splits = {"train": Split(train.x, labels), "validation": validation}
    return from_splits(data.name, {**splits, "test": data.test}, data.classes)


def _check(data: DataSet) -> None:
    if isinstance(data.train, Stream):
        raise ValueError(
            f"The examples of {data.name} can't be drawn anew: it is read in batches, "
            "because it is larger than 8 GB. Choose a smaller data set."
        )
    classes = isinstance(data.train.y, np.ndarray) and data.train.y.dtype.kind in "iu"
    if not classes or not isinstance(data.train.x, np.ndarray):
        raise ValueError(
            f"The examples of {data.name} can't be drawn anew: they must be one array "
            "of inputs and one of integer classes."
        )


def _joined(one: Split, other: Split) -> Split:
    pairs = zip(one, other, strict=True)
    return Split(*(np.concatenate(pair) for pair in pairs))


def _mislabelled(y: Array, classes: int, share: float, seed: int) -> Array:
    rng = np.random.default_rng((seed, _LABELS))
    wrong = rng.permutation(len(y))[: round(share * len(y))]
    labels = np.ravel(y).copy()
    shifts = rng.integers(1, classes, len(wrong), dtype=y.dtype)
    labels[wrong] = (labels[wrong] + shifts) % classes
    return labels.reshape(y.shape)
