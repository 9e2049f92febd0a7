"""Data that come in batches: tf.data.Dataset and keras.utils.PyDataset."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

_INFINITE = -1  # of tf.data.Dataset.cardinality()


def is_batched(value: Any) -> bool:
    """Whether it is a tf.data.Dataset or a PyDataset; TensorFlow is not imported."""
    return isinstance(value, keras.utils.PyDataset) or hasattr(
        value, "as_numpy_iterator"
    )


def gathered(data: Any, name: str) -> tuple[Any, Any]:
    """Return all inputs and all targets of such data.

    Raises:
        ValueError: If they never end, or do not come in pairs.
    """
    batches = list(_batches(data, name))
    if not batches or any(not isinstance(b, tuple) or len(b) != 2 for b in batches):
        first = batches[0] if batches else None
        received = "nothing" if first is None else type(first).__name__
        if isinstance(first, tuple):
            received = f"tuples of {len(first)}"
        raise ValueError(
            f"{name}: a {type(data).__name__} must give batches (x, y), without sample "
            f"weights: a loss can weigh. Received: {received}"
        )
    ranks = [np.ndim(leaf) for leaf in keras.tree.flatten(batches[0])]
    join = np.stack if min(ranks) == 0 else np.concatenate  # examples one by one
    try:
        x, y = (
            keras.tree.map_structure(lambda *parts: join(parts), *column)
            for column in zip(*batches, strict=True)
        )
    except ValueError as error:
        raise ValueError(
            f"{name}: the batches of a {type(data).__name__} must be of one size, but "
            "for the number of their examples: pad them alike, and call batch() on "
            f"examples that come one by one. NumPy said: {error}"
        ) from error
    return x, y


def _batches(data: Any, name: str) -> Iterator[Any]:
    if not isinstance(data, keras.utils.PyDataset):
        if int(data.cardinality()) == _INFINITE:
            raise _endless(data, name)
        yield from data.as_numpy_iterator()
        return
    if data.num_batches is None:
        raise _endless(data, name)
    for number in range(data.num_batches):
        batch = data[number]
        if not isinstance(batch, tuple | list):
            yield batch
            return
        parts = tuple(batch[:2] if len(batch) == 3 and batch[2] is None else batch)
        yield keras.tree.map_structure(keras.ops.convert_to_numpy, parts)


def _endless(data: Any, name: str) -> ValueError:
    return ValueError(
        f"{name}: the {type(data).__name__} never ends. Leave out repeat(), or take a "
        "number of batches: take(100)."
    )
