from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Batch = tuple[Any, Any]


class Split(NamedTuple):
    """Examples of one split of a data set.

    Attributes:
        x: Inputs `(count, ...)`, float32, or uint8 for images from 0 to 255; of a
            user's function also integers, and a dict or a list of arrays for a model of
            several inputs.
        y: Integer classes `(count,)`; of a user's function also `(count, 1)`, numbers,
            and a dict or a list of arrays for a model of several outputs.
    """

    x: Any
    y: Any


def arrays(nested: Any) -> list[Array]:
    """Return the array, or those of a dict or list of arrays."""
    return list(keras.tree.flatten(nested))


def count(nested: Any) -> int:
    """Return the number of examples of an array, or of a dict or list of arrays."""
    return len(arrays(nested)[0])


def mapped(function: Callable[[Array], Any], nested: Any) -> Any:
    """Apply a function to an array, or to each of a dict or list of arrays."""
    return keras.tree.map_structure(function, nested)


def take(data: Split, chosen: Array) -> Split:
    """Return the chosen examples."""
    return Split(*(mapped(lambda array: array[chosen], nested) for nested in data))
