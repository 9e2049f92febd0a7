from collections.abc import Callable
from typing import Any

import numpy as np

from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import DataSet, from_parts
from keras_regnoise.datasets.split import Split

_NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}


def from_function(function: Callable[[], Any], name: str) -> DataSet:
    """Make a data set of what a user's function returns.

    Args:
        function: Returns `(x, y)`, or `(x, y), (x_test, y_test)` as
            `keras.datasets` does, or three pairs with the validation part between.
            What is missing is taken from the training part, as in `load`. The arrays
            are handed to the model as float32, not scaled.
        name: Name of the data set.

    Raises:
        ValueError: If it returns something else.

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((100, 4)), np.arange(100) % 2
        >>> data = from_function(lambda: (x, y), "mine")
        >>> len(data.train.x), len(data.validation.x), len(data.test.x)
        (72, 8, 20)
    """
    result = function()
    if not isinstance(result, tuple | list) or len(result) not in (2, 3):
        raise ValueError(_expected(name, result))
    pairs = list(result)
    if not isinstance(pairs[0], tuple | list):
        pairs = [pairs]
    if len(pairs) not in _NAMES or any(len(pair) != 2 for pair in pairs):
        raise ValueError(_expected(name, result))
    parts = {
        part: _split(x, y, name)
        for part, (x, y) in zip(_NAMES[len(pairs)], pairs, strict=True)
    }
    y = parts["train"].y
    is_class = y.ndim == 1 and y.dtype.kind in "iub"
    if is_class:
        return from_parts(name, divide(parts, 0), int(y.max()) + 1)
    return from_parts(name, _divide_at_random(parts), 1)


def _split(x: Any, y: Any, name: str) -> Split:
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype.kind not in "iufb" or len(x) != len(y):
        raise ValueError(
            f"{name} must return numbers, as many inputs as targets. Received: x of "
            f"dtype {x.dtype} and shape {x.shape}, y of shape {y.shape}"
        )
    if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "iub":
        y = y[:, 0]  # as keras.datasets.cifar10 has them
    kind = "int64" if y.dtype.kind in "iub" else "float32"
    return Split(x.astype("float32"), y.astype(kind))


def _divide_at_random(parts: dict[str, Split]) -> dict[str, Split]:
    """Complete parts whose targets are no classes."""
    for part, share in (("test", 0.2), ("validation", 0.1)):
        if part not in parts:
            x, y = parts["train"]
            order = np.random.default_rng(0).permutation(len(x))
            drawn, rest = np.split(order, [max(1, round(share * len(x)))])
            parts[part], parts["train"] = (
                Split(x[drawn], y[drawn]),
                Split(x[rest], y[rest]),
            )
    return parts


def _expected(name: str, result: Any) -> str:
    return (
        f"{name} must return (x, y), or (x, y), (x_test, y_test), or three such pairs "
        f"with the validation part between. Received: {type(result).__name__}"
        + (f" of {len(result)}" if isinstance(result, tuple | list) else "")
    )
