"""Files of a user's own data, for a model that takes them as they are."""

from pathlib import Path
from typing import Any

import numpy as np

from keras_regnoise.datasets._encode import MISSING, encode, to_numbers
from keras_regnoise.datasets._openml import LABEL
from keras_regnoise.datasets._stratify import are_classes, divide
from keras_regnoise.datasets._tables import read_arrays, read_csv
from keras_regnoise.datasets.split import Array, Split

ENDINGS = (".npz", ".csv", ".csv.gz")
_NAMES = {
    "train": ("_train", ""),
    "validation": ("_validation", "_val"),
    "test": ("_test",),
}


def read_npz(path: Path) -> list[tuple[Any, Any]]:
    """Return the pairs of inputs and targets in an .npz file, as they are.

    They are `x` and `y`, or `x_train` and `y_train`, `x_val` and `y_val`, `x_test` and
    `y_test`. Several inputs or outputs have their name behind a slash: `x/left`.
    """
    arrays = read_arrays(path)
    pairs = {
        split: pair
        for split, endings in _NAMES.items()
        for pair in [_pair(arrays, endings, path)]
        if pair is not None
    }
    if "train" not in pairs:
        raise ValueError(
            f"{path} must have arrays x and y, or x_train and y_train. Received: "
            f"{', '.join(arrays) or 'none'}. Write it with numpy.savez(file, x=x, y=y)."
        )
    if "test" in pairs and "validation" not in pairs:
        splits = divide(
            {"train": Split(*pairs["train"]), "test": Split(*pairs["test"])},
            0,
            stratified=are_classes(pairs["train"][1]),
            rare=True,
        )
        pairs |= {name: tuple(splits[name]) for name in ("train", "validation")}
    return [pairs[name] for name in _NAMES if name in pairs]


def _pair(
    arrays: dict[str, Array], endings: tuple[str, ...], path: Path
) -> tuple[Any, Any] | None:
    for ending in endings:
        x, y = (_named(arrays, f"{letter}{ending}") for letter in "xy")
        if (x is None) != (y is None):
            given, missing = ("x", "y") if y is None else ("y", "x")
            raise ValueError(f"{path} has {given}{ending} without {missing}{ending}.")
        if x is not None:
            return x, y
    return None


def _named(arrays: dict[str, Array], name: str) -> Any:
    if name in arrays:
        return arrays[name]
    start = f"{name}/"
    parts = {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
    return parts or None


def read_table(path: Path, target: str) -> dict[str, Split]:
    """Return the three parts of a CSV file.

    The inputs are standardized, and words are one column each, as learned from the
    training part. Numbers of the target stay as they are; words are counted from 0 in
    the order of the alphabet.
    """
    target = target or LABEL
    _, split = read_csv(path, target)
    y, names = _targets(split.y, f"{path}, column {target}")
    whole = {"train": Split(split.x, y)}
    splits = divide(whole, 0, stratified=bool(names), rare=True)
    return encode(splits)


def _targets(cells: Array, where: str) -> tuple[Array, list[str]]:
    """Return the targets, and the names of the classes, if they are such."""
    if missing := sum(cell in MISSING for cell in cells):
        raise ValueError(f"{where}: {missing} examples have no value.")
    numbers = to_numbers(cells[:, None].astype(object))[:, 0]
    if np.isfinite(numbers).all():
        whole = bool((numbers == np.round(numbers)).all())
        y = numbers.astype("int64" if whole else "float32")
        counts = np.unique(y, return_counts=True)[1]
        is_classes = whole and y.min() == 0 and y.max() + 1 == len(counts)
        return y, [str(n) for n in counts] if is_classes else []
    odd = cells[~np.isfinite(numbers)]
    if len(odd) < len(cells) / 2:
        raise ValueError(
            f"{where}: {len(odd)} of {len(cells)} targets are no numbers, as others "
            f"are: {odd[0]!r}. Mend them, or give classes names that are words."
        )
    names, y = np.unique(cells, return_inverse=True)
    return y.astype("int64"), [str(name) for name in names]
