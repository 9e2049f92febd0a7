"""Drawing a split of the examples so that the classes keep their shares."""

from collections.abc import Mapping

import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets.split import Array, Split, take
from keras_regnoise.datasets.split import count as count_examples

_FRACTIONS = {"test": 0.2, "validation": 0.1}
_SMALLEST = 10


def divide(
    splits: Mapping[str, Split],
    seed: int,
    examples: int | None = None,
    test_examples: int | None = None,
    validation_examples: int | None = None,
    *,
    stratified: bool = True,
    rare: bool = False,
) -> dict[str, Split]:
    """Complete a data set and cut it down to size.

    Args:
        splits: `"train"`, and `"validation"` and `"test"` where the source has them.
            A missing test split is 20 % of train, a missing validation split 10 % of
            what is left.
        seed: Seed of the draws.
        examples: Examples to keep of train, None for all.
        test_examples: Examples to keep of test, None for all.
        validation_examples: Examples to keep of validation, None for all.
        stratified: Whether the targets are classes, each of which gives its share.
        rare: Whether a class may have one example, which falls to one of the parts.

    Returns:
        The three splits.
    """
    splits = dict(splits)
    if not _FRACTIONS.keys() <= splits.keys():
        _check_count(splits["train"])
        if stratified and not rare:
            _check_classes(splits["train"].y)
    for number, (name, fraction) in enumerate(_FRACTIONS.items()):
        if name not in splits:
            train = splits["train"]
            size = count_examples(train.y)
            count = max(1, round(fraction * size))
            if stratified:
                drawn, rest = draw(train.y, count, (seed, number))
            else:
                drawn, rest = draw_any(size, count, seed)
            splits[name], splits["train"] = take(train, drawn), take(train, rest)
    sizes = (examples, test_examples, validation_examples)
    return cut(splits, seed, *sizes, stratified=stratified)


def cut(
    splits: Mapping[str, Split],
    seed: int,
    examples: int | None,
    test_examples: int | None,
    validation_examples: int | None,
    *,
    stratified: bool = True,
) -> dict[str, Split]:
    """Cut the three splits down to size."""
    sizes = {
        "train": (examples, "examples"),
        "validation": (validation_examples, "validation_examples"),
        "test": (test_examples, "test_examples"),
    }
    return {
        name: subset(splits[name], count, seed, argument, stratified)
        for name, (count, argument) in sizes.items()
    }


def subset(
    data: Split, count: int | None, seed: int, argument: str, stratified: bool
) -> Split:
    """Keep `count` examples, of every class at least one."""
    size = count_examples(data.y)
    if count is None or count == size:
        return data
    if not stratified:
        check_size(count, size, 1, argument)
        return take(data, draw_any(size, count, seed)[0])
    check_size(count, size, len(np.unique(data.y)), argument)
    return take(data, draw(data.y, count, (seed, 2), every_class=True)[0])


def check_size(count: int, most: int, minimum: int, argument: str) -> None:
    """Raise if a split cannot be cut down to `count` examples."""
    meaning = "at least one of every class, or None for all examples"
    check_integer(argument, count, meaning, minimum=minimum, maximum=most)


def draw(
    y: Array, count: int, seed: tuple[int, ...], every_class: bool = False
) -> tuple[Array, Array]:
    """Draw examples so that every class gives its share, to within one example.

    scikit-learn's stratified split refuses classes of one and remainders smaller than
    the number of classes; here a small class stays undivided.

    Args:
        y: Classes `(count,)` or `(count, 1)`.
        count: Number of examples to draw.
        seed: Entropy of the draw.
        every_class: Draw at least one example of every class.

    Returns:
        Indices of the drawn examples and of the others. With one seed, the examples
        of a smaller draw are among those of a larger one.
    """
    y = np.ravel(y)
    order = np.random.default_rng(seed).permutation(len(y))
    by_class = order[np.argsort(y[order], kind="stable")]
    sizes = np.unique(y, return_counts=True)[1]  # not bincount: they may be dollars
    ranks = np.arange(len(y)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    position = np.empty(len(y))
    position[by_class] = (ranks + 0.5) / np.repeat(sizes, sizes)
    if every_class:
        position[by_class[ranks == 0]] = 0.0
    chosen = order[np.argsort(position[order], kind="stable")]
    return chosen[:count], chosen[count:]


def draw_any(size: int, count: int, seed: int) -> tuple[Array, Array]:
    """Draw `count` of `size` examples whose targets are not classes."""
    order = np.random.default_rng(seed).permutation(size)
    return order[:count], order[count:]


def are_classes(y: object) -> bool:
    """Whether targets are integers that may be classes, one for each example."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iu" or not y.size:
        return False
    return y.shape in ((len(y),), (len(y), 1)) and bool(y.min() >= 0)


def _check_count(data: Split) -> None:
    size = count_examples(data.y)
    if size < _SMALLEST:
        raise ValueError(
            f"A data set that is split needs at least {_SMALLEST} examples. "
            f"Received: {size}"
        )


def _check_classes(y: Array) -> None:
    counts = np.bincount(y)
    if (counts == 1).any():
        raise ValueError(
            f"Class {int(np.argmax(counts == 1))} (counted from 0, in sorted order) "
            "has one example, which cannot be split. Remove the class, or add to it."
        )
