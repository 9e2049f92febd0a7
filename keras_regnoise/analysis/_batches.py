"""Inputs of a model, batch by batch, from whatever holds them."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer


def input_batches(data: Any, batch_size: int = 32) -> Iterator[Any]:
    """Yield the inputs of each batch as NumPy arrays, one batch in memory at a time.

    Args:
        data: An array, a dict of arrays, or a tuple `(x, y)` or `(x, y, weights)` of
            them, which is cut into batches; or an iterable of batches that are
            inputs or such tuples: a list, a generator, a `keras.utils.PyDataset`, a
            `tf.data.Dataset`, a torch `DataLoader`.
        batch_size: Samples of a batch, where `data` has no batches yet.

    Raises:
        ValueError: If `data` holds nothing, or cannot be iterated over.
    """
    empty = True
    for batch in _batches(data, batch_size):
        empty = False
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        yield keras.tree.map_structure(_to_numpy, inputs)
    if empty:
        raise ValueError(
            "`data` holds no batch. A generator can be used only once: make a new one, "
            f"or pass a list. Received: data of type {type(data).__name__}"
        )


def is_used_up(data: Any) -> bool:
    """Whether a second iteration over `data` would find nothing."""
    return hasattr(data, "__next__")


def _batches(data: Any, batch_size: int) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset):
        return _of_dataset(data)
    if _is_whole(data):
        return _slices(data, check_integer("batch_size", batch_size, minimum=1))
    try:
        return iter(data)
    except TypeError as error:
        raise ValueError(
            "`data` must be arrays, or an iterable of batches such as a list, a "
            "keras.utils.PyDataset, a tf.data.Dataset or a torch DataLoader. "
            f"Received: data of type {type(data).__name__}"
        ) from error


def _is_whole(data: Any) -> bool:
    if isinstance(data, tuple):
        return bool(data) and all(_is_whole(part) for part in data if part is not None)
    return isinstance(data, dict | np.ndarray) or keras.ops.is_tensor(data)


def _slices(data: Any, batch_size: int) -> Iterator[Any]:
    inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    count = len(keras.tree.flatten(inputs)[0])
    for start in range(0, count, batch_size):
        part = slice(start, start + batch_size)
        yield (keras.tree.map_structure(lambda x, part=part: x[part], inputs),)


def _of_dataset(data: Any) -> Iterator[Any]:
    if data.num_batches is None:
        raise ValueError(
            "The PyDataset has no end: its `num_batches` is None. Pass a list or a "
            "generator of as many of its batches as you want to use."
        )
    for index in range(data.num_batches):
        yield data[index]


def _to_numpy(x: Any) -> Any:
    return keras.ops.convert_to_numpy(x) if keras.ops.is_tensor(x) else np.asarray(x)
