"""From cells of text to numbers, learned from the training split."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_regnoise.datasets.split import Array, Split

# As pandas and R read and write it; "None" may be a word.
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "NULL", "null")


def label_numbers(splits: Mapping[str, Split]) -> tuple[dict[str, Split], list[str]]:
    """Count the classes from 0, in the order of numbers or else of the alphabet.

    Returns:
        The splits with int64 classes, and the names of the classes.
    """
    labels = np.concatenate([split.y for split in splits.values()])
    names, counts = np.unique(labels, return_counts=True)
    numbers = _as_numbers(names)
    is_text = names.dtype.kind != "f" and counts.min() > 1  # such as versions
    if not is_text and (numbers != np.round(numbers)).any():
        raise ValueError(
            f"Classes must be whole numbers or text. Received: {names[:5].tolist()}. "
            "Numbers to be predicted come from a function of yours: file.py:function"
        )
    missing = [name for name in names.tolist() if name in MISSING]
    if missing:
        raise ValueError(
            "Some examples have no class. Received labels: "
            f"{', '.join(map(repr, names[:10].tolist()))}"
        )
    if len(names) < 2:
        raise ValueError(
            f"A data set needs two classes or more. Received: {names.tolist()}"
        )
    unknown = np.setdiff1d(names, splits["train"].y)
    if len(unknown):
        raise ValueError(
            "The training split must have all classes of the other splits. "
            f"Missing there: {', '.join(map(str, unknown))}"
        )
    order = np.argsort(numbers, kind="stable")
    number = np.empty(len(names), "int64")
    number[order] = np.arange(len(names))
    numbered = {
        name: Split(split.x, number[np.searchsorted(names, split.y)])
        for name, split in splits.items()
    }
    return numbered, [str(name) for name in names[order]]


def encode(splits: Mapping[str, Split]) -> dict[str, Split]:
    """Turn tables into standardized float32; leave images as they are.

    Numeric columns: median for what is missing, mean 0, variance 1. Columns of text:
    one column per word, what is missing is a word too, words that the training split
    does not know are ignored. All of it is learned from the training split.
    """
    train = splits["train"].x
    if train.dtype == np.uint8 and train.ndim > 2:
        return dict(splits)
    if train.ndim > 2:
        return {k: Split(p.x.astype("float32"), p.y) for k, p in splits.items()}
    encoder = _encoder(train).fit(train)
    return {
        name: Split(encoder.transform(split.x).astype("float32"), split.y)
        for name, split in splits.items()
    }


def to_numbers(cells: Array) -> Array:
    """Return float64, NaN for what is not a number."""
    numbers = np.array([[_number(cell) for cell in row] for row in cells], "float64")
    return numbers.reshape(cells.shape)


def _encoder(train: Array) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        FunctionTransformer,
        OneHotEncoder,
        StandardScaler,
    )

    columns = range(train.shape[1])
    numeric = [c for c in columns if _is_numeric(train[:, c])]
    words = [c for c in columns if c not in numeric]
    numbers = make_pipeline(
        FunctionTransformer(to_numbers),
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
    )
    one_hot = make_pipeline(
        FunctionTransformer(_name_the_missing),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return ColumnTransformer(
        [("numbers", numbers, numeric), ("words", one_hot, words)], sparse_threshold=0
    )


def _is_numeric(column: Array) -> bool:
    if column.dtype.kind in "fiub":
        return True
    cells = [cell for cell in column if cell not in MISSING]
    return bool(np.isfinite([_number(cell) for cell in cells]).all())


def _number(cell: Any) -> float:
    try:
        number = float(cell)
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _name_the_missing(cells: Array) -> Array:
    return np.where(np.isin(cells, MISSING), "?", cells)


def _as_numbers(names: Array) -> Array:
    numbers = np.array([_number(name) for name in names])
    return np.arange(len(names)) if np.isnan(numbers).any() else numbers
