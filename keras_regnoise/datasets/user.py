"""Data sets that a user's function returns."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_regnoise.datasets._batched import gathered, is_batched
from keras_regnoise.datasets._stratify import are_classes, divide
from keras_regnoise.datasets._user_files import read_npz, read_table
from keras_regnoise.datasets.data_set import SPLITS, DataSet, from_splits
from keras_regnoise.datasets.split import Array, Split, arrays, mapped

_FORMS = (
    "(x, y); or (x, y), (x_val, y_val); or three such pairs, the third for the test. "
    "A pair is a tuple of arrays with a row for every example; several inputs or "
    "outputs are a dict or a list of arrays"
)


def from_function(
    function: Callable[[], Any],
    name: str,
    *,
    examples: int | None = None,
    test_examples: int | None = None,
    validation_examples: int | None = None,
) -> DataSet:
    """Make a data set of what a user's function returns.

    Args:
        function: Returns `(x, y)`, or `(x, y), (x_val, y_val)`, or three such pairs,
            the third of which is the test split. What is missing is taken from the
            training split, as in `load`: 20 % of it for the test, 10 % of the rest for
            the validation, class by class if `y` holds classes. `x` is an array, or a
            dict or a list of arrays for a model of several inputs, and so is `y` for
            one of several outputs. The model gets them as from `fit`: floats as
            float32, integers as integers, images not scaled. In the place of a pair
            there may be a `tf.data.Dataset` or a `keras.utils.PyDataset` that ends.
        name: Name of the data set.
        examples: Training examples to keep; None for all.
        test_examples: Test examples to keep; None for all.
        validation_examples: Validation examples to keep; None for all.

    Raises:
        ValueError: If it returns something else.

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((100, 4)), np.arange(100) % 2
        >>> data = from_function(lambda: (x, y), "mine")
        >>> len(data.train.x), len(data.validation.x), len(data.test.x)
        (72, 8, 20)
        >>> data = from_function(lambda: ({"a": x, "b": x[:, 0]}, y), "mine")
        >>> data.shape
        {'a': (4,), 'b': ()}
    """
    pairs = _pairs(unbatched(function(), name), name)
    return _from_pairs(pairs, name, examples, test_examples, validation_examples)


def from_file(path: str, target: str = "", **sizes: int | None) -> DataSet:
    """Make a data set of a file, for a model that takes it as it is.

    Args:
        path: An .npz file with `x` and `y`, or `x_train`, `y_train`, `x_val`, `y_val`,
            `x_test`, `y_test`, whose arrays the model gets as from `fit`; several
            inputs are `x/left` and `x/right`. Or a CSV file with a header row, whose
            inputs are standardized and whose words are a column each.
        target: Column of the targets of a CSV file, `"label"` by default. Numbers stay
            as they are, words are counted from 0.
        **sizes: As in `from_function`.

    Raises:
        ValueError: If the content does not fit.
    """
    if path.endswith(".npz"):
        if target:
            raise ValueError(f"A target column is that of a CSV file, not of {path}.")
        pairs = read_npz(Path(path))
    else:
        splits = read_table(Path(path), target)
        pairs = [tuple(splits[name]) for name in SPLITS]
    name = Path(path).name.partition(".")[0]
    return from_function(lambda: tuple(pairs), name, **sizes)


def unbatched(result: Any, name: str) -> Any:
    """Return what a function of the user's returns, with batches read into arrays."""
    if is_batched(result):
        return gathered(result, name)
    if isinstance(result, tuple | list) and any(map(is_batched, result)):
        return tuple(gathered(r, name) if is_batched(r) else r for r in result)
    return result


def _from_pairs(
    pairs: Sequence[tuple[Any, Any]],
    name: str,
    examples: int | None,
    test_examples: int | None,
    validation_examples: int | None,
) -> DataSet:
    splits = {
        split: _split(pair, name) for split, pair in zip(SPLITS, pairs, strict=False)
    }
    _check_alike(splits, name)
    labels = [split.y for split in splits.values() if are_classes(split.y)]
    has_classes = len(labels) == len(splits)
    sizes = (examples, test_examples, validation_examples)
    divided = divide(splits, 0, *sizes, stratified=has_classes, rare=True)
    classes = int(max(y.max() for y in labels)) + 1 if has_classes else 1
    return from_splits(name, divided, classes)


def _pairs(result: Any, name: str) -> list[tuple[Any, Any]]:
    """Return the pairs of inputs and targets, as many as there are."""
    if not isinstance(result, tuple | list) or not result:
        raise ValueError(_expected(name, _words(result)))
    if all(isinstance(pair, tuple) for pair in result):
        pairs = list(result)
    elif all(isinstance(pair, list) for pair in result) and isinstance(result, list):
        raise ValueError(_expected(name, "lists of lists, which may be either"))
    else:
        pairs = [tuple(result)]
    if any(len(pair) == 3 for pair in pairs):
        raise ValueError(
            f"{name}: sample weights are not supported; a loss can weigh. Return "
            f"{_FORMS}"
        )
    if len(pairs) > len(SPLITS) or any(len(pair) != 2 for pair in pairs):
        raise ValueError(_expected(name, _words(result)))
    return pairs


def _split(pair: tuple[Any, Any], name: str) -> Split:
    x, y = (mapped(lambda one: _array(one, name), _without_tuples(n)) for n in pair)
    shapes = [array.shape for nested in (x, y) for array in arrays(nested)]
    if len({shape[:1] for shape in shapes}) > 1 or not shapes[0]:
        raise ValueError(
            f"{name} must return as many inputs as targets, at least one. Received "
            f"arrays of the shapes: {', '.join(map(str, shapes))}"
        )
    return Split(x, y)


def _without_tuples(nested: Any) -> Any:
    return list(nested) if isinstance(nested, tuple) else nested


def _array(values: Any, name: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "iufb" or array.ndim == 0:
        raise ValueError(_expected(name, f"{_words(values)} of dtype {array.dtype}"))
    if array.dtype.kind == "f":
        return array.astype("float32", copy=False)
    # `DataSet.batches` scales bytes, and not what a user's function returns.
    return array.astype("int32" if array.dtype.itemsize < 4 else "int64", copy=False)


def _check_alike(splits: dict[str, Split], name: str) -> None:
    """Raise if the splits have arrays of other shapes than the training split."""
    first = _shapes(splits["train"])
    for split, data in splits.items():
        if _shapes(data) != first:
            raise ValueError(
                f"{name}: the {split} split must have the shapes of the training "
                f"split, {first}. Received: {_shapes(data)}"
            )


def _shapes(data: Split) -> Any:
    return tuple(mapped(lambda array: array.shape[1:], nested) for nested in data)


def _words(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _expected(name: str, received: str) -> str:
    return f"{name} must return {_FORMS}. Received: {received}"
