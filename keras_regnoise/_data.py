"""Data in the forms that `fit` takes, read batch by batch.

Whole data are `x`, `(x, y)` or `(x, y, sample_weight)`. A tf.data.Dataset, a PyDataset,
a torch DataLoader, a generator and a list may hold batches of these. What could be read
in two ways is read as the inputs of the model want it, where that is certain.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from keras_regnoise._arguments import check_integer, shown
from keras_regnoise._keras.graph import is_graph

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Shapes: TypeAlias = Sequence[tuple[int | None, ...]] | None
"""The shapes of a model's inputs, batch axis first; None if they are not known."""

FORMS = (
    "Accepted: `x`, `(x, y)` or `(x, y, sample_weight)`, where x is an array, a "
    "DataFrame, or a list or dict of arrays, one for each input of the model; and "
    "batches of these: a tf.data.Dataset, a keras.utils.PyDataset, a torch DataLoader, "
    "a generator, or a list of tuples such as [(x1, y1), (x2, y2)] or [(x1,), (x2,)]."
)


def input_shapes(model: keras.Model) -> Shapes:
    """Return the shapes of the inputs of a model; None of a subclassed one."""
    inputs = getattr(model, "inputs", None) if is_graph(model) else None
    if not inputs:  # also of a Sequential that was not called yet
        return None
    return [tuple(tensor.shape) for tensor in keras.tree.flatten(inputs)]


def input_batches(
    data: Any, inputs: Shapes = None, batch_size: int = 32
) -> Iterator[Any]:
    """Yield the inputs of each batch as NumPy arrays, one batch in memory at a time.

    Args:
        data: See `FORMS`.
        inputs: What the model takes, see `input_shapes`.
        batch_size: Samples of a batch, where `data` has no batches yet.

    Raises:
        ValueError: If `data` holds nothing, has no end, is not batched, does not fit
            the inputs, or may mean one thing or another.
    """
    is_empty = True
    for batch in _batches(data, inputs, batch_size):
        is_empty = False
        yield as_arrays(batch)
    if is_empty:
        raise ValueError(
            "`data` holds no batch. A generator can be used only once: make a new one, "
            f"or pass a list. Received: data of type {type(data).__name__}"
        )


def is_used_up(data: Any) -> bool:
    """Whether a second iteration over `data` would find nothing."""
    return hasattr(data, "__next__")


def is_stream(data: Any) -> bool:
    """Whether `data` brings its own batches: a data set, a loader, a generator."""
    is_whole = is_array(data) or isinstance(data, (Mapping, list, tuple, str, bytes))
    return not is_whole and (
        isinstance(data, keras.utils.PyDataset) or hasattr(data, "__iter__")
    )


def stream(data: Any) -> Iterator[Any]:
    """Return the batches of a stream as they are, if it has an end, see `check_end`."""
    check_end(data)
    if isinstance(data, keras.utils.PyDataset):
        return (data[index] for index in range(data.num_batches))
    return iter(data)


def check_end(data: Any) -> None:
    """Raise `ValueError` if a stream is known to have no end."""
    if isinstance(data, keras.utils.PyDataset) and data.num_batches is None:
        raise ValueError(
            "The PyDataset has no end: its `num_batches` is None. Pass a generator "
            "of as many of its batches as you want to use: "
            "(data[i] for i in range(100))."
        )
    if hasattr(data, "cardinality") and int(data.cardinality()) == -1:
        raise ValueError(
            "The tf.data.Dataset has no end. Pass a part of it: data.take(100)."
        )


def count_batches(data: Any) -> int:
    """Return the number of batches of a stream; goes through it if it does not say."""
    if isinstance(data, keras.utils.PyDataset):
        return int(data.num_batches)
    try:
        return len(data)
    except TypeError:
        return sum(1 for _ in stream(data))


def as_arrays(structure: Any) -> Any:
    """Return a structure of tensors as one of arrays; None stays what it is."""
    return keras.tree.map_structure(
        lambda x: None if x is None else to_array(x), structure
    )


def to_array(x: Any) -> Array:
    """Return an array of what holds one: a tensor of any framework, a DataFrame."""
    if hasattr(x, "iloc"):  # a Series is one column, as in `fit`
        values: Array = x.to_numpy()
        return values[:, None] if values.ndim == 1 else values
    if keras.ops.is_tensor(x):
        return np.asarray(keras.ops.convert_to_numpy(x))
    if hasattr(x, "detach"):  # torch's, on another backend
        x = x.detach().cpu()
    return np.asarray(x.toarray() if hasattr(x, "toarray") else x)


def is_array(x: Any) -> bool:
    """Whether `x` is an array, a tensor or a DataFrame."""
    return hasattr(x, "shape")


def _batches(data: Any, inputs: Shapes, batch_size: int) -> Iterator[Any]:
    if is_stream(data):
        return (_inputs_of_batch(batch, inputs) for batch in stream(data))
    if isinstance(data, list) and _is_list_of_batches(data, inputs):
        return (_inputs_of_batch(batch, inputs) for batch in data)
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    return _slices(_whole_inputs(data, inputs), batch_size)


def _whole_inputs(data: Any, inputs: Shapes) -> Any:
    """Return the inputs in data that are not in batches."""
    x = data
    if isinstance(data, tuple):
        x = _inputs_of_tuple(data, inputs)
    elif not _is_input(data, inputs):
        raise _no_fit(data, inputs)
    lengths = {len(leaf) for leaf in map(_rows, keras.tree.flatten(data))}
    if len(lengths - {0}) > 1:
        raise ValueError(
            "All arrays must have as many samples, those of inputs, targets and "
            f"weights. Received: {_described(data)}. {FORMS}"
        )
    return x


def _inputs_of_batch(batch: Any, inputs: Shapes) -> Any:
    if isinstance(batch, (tuple, list)):  # a list, as Keras reads those of a loader
        return _inputs_of_tuple(tuple(batch), inputs)
    if _is_input(batch, inputs):
        return batch
    raise _no_fit(batch, inputs)


def _inputs_of_tuple(data: tuple[Any, ...], inputs: Shapes) -> Any:
    """Read `(x,)`, `(x, y)` and `(x, y, w)`, or else one array for each input."""
    if 1 <= len(data) <= 3 and _is_input(data[0], inputs):
        return data[0]
    if inputs is not None and _is_input(data, inputs):
        return list(data)
    raise _no_fit(data, inputs)


def _is_list_of_batches(data: list[Any], inputs: Shapes) -> bool:
    """Whether a list holds batches and not inputs; an error where it may be either."""
    if len(data) < 2:
        return not data or not is_array(data[0])
    if inputs is not None and _is_input(data, inputs):
        return False
    if all(isinstance(batch, (tuple, list, Mapping)) for batch in data):
        return True
    is_every_batch = inputs is not None and all(_is_input(x, inputs) for x in data)
    if is_every_batch and not _may_have_targets(data):
        return True
    raise _no_fit(data, inputs)


def _may_have_targets(data: list[Any]) -> bool:
    """Whether arrays of one shape may be `[x, y]` or `[x, y, sample_weight]`."""
    has_one_length = len({len(_rows(x)) for x in data}) == 1
    is_weight = len(data) == 3 and math.prod(data[2].shape[1:]) == 1
    return has_one_length and (len(data) == 2 or is_weight)


def _is_input(x: Any, inputs: Shapes) -> bool:
    """Whether `x` can be the inputs of a model, a batch of them."""
    leaves = keras.tree.flatten(x)
    arrays = [leaf for leaf in leaves if leaf is not None]
    if not arrays or not all(map(is_array, arrays)):
        return False
    shapes = [None if leaf is None else tuple(leaf.shape) for leaf in leaves]
    if inputs is None or isinstance(x, Mapping):  # by name; Keras says what is missing
        return all(shape != () for shape in shapes)
    return len(shapes) == len(inputs) and all(
        shape is None or _fits(shape, expected)
        for shape, expected in zip(shapes, inputs, strict=True)
    )


def _fits(shape: Sequence[int | None], expected: Sequence[int | None]) -> bool:
    # As Keras's functional models, which add or take away a last axis of size 1.
    if len(shape) == len(expected) - 1 and expected[-1] == 1:
        shape = (*shape, 1)
    elif len(shape) == len(expected) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    return 0 < len(shape) == len(expected) and all(
        None in (size, wanted) or size == wanted
        for size, wanted in zip(shape[1:], expected[1:], strict=True)
    )


def _slices(x: Any, batch_size: int) -> Iterator[Any]:
    x = keras.tree.map_structure(lambda a: to_array(a) if hasattr(a, "iloc") else a, x)
    count = max(len(_rows(leaf)) for leaf in keras.tree.flatten(x))
    for start in range(0, count, batch_size):
        rows = slice(start, start + batch_size)
        yield keras.tree.map_structure(lambda a, rows=rows: a[rows], x)


def _rows(x: Any) -> range:
    """Return the numbers of the samples of an array; none of anything else."""
    shape = tuple(getattr(x, "shape", ()))
    return range(shape[0]) if shape else range(0)


def _no_fit(data: Any, inputs: Shapes) -> ValueError:
    wanted = ""
    if inputs is not None:
        shapes = ", ".join(str((None, *shape[1:])) for shape in inputs)
        wanted = f" The model takes {len(inputs)} input(s), of shape {shapes}."
    leaves = [leaf for leaf in keras.tree.flatten(data) if is_array(leaf)]
    batched = [(None, *leaf.shape) for leaf in leaves]
    is_unbatched = any(len(shape) == 1 for shape in batched) or (
        inputs is not None
        and any(_fits(shape, expected) for shape in batched for expected in inputs)
    )
    hint = " It is not batched: call .batch(32) on it, or add a first axis."
    return ValueError(
        "`data` cannot be read, or not in one way only. "
        f"Received: {_described(data)}.{wanted}{hint if is_unbatched else ''} {FORMS}"
    )


def _described(data: Any) -> str:
    """Say what data are, arrays by their shapes."""
    if is_array(data):
        return f"{type(data).__name__} of shape {tuple(data.shape)}"
    if isinstance(data, Mapping):
        items = [f"{key!r}: {_described(value)}" for key, value in data.items()]
        return f"{{{_shortened(items)}}}"
    if isinstance(data, (list, tuple)):
        inside = _shortened([_described(value) for value in data])
        return f"[{inside}]" if isinstance(data, list) else f"({inside})"
    return shown(data)


def _shortened(items: list[str]) -> str:
    return ", ".join(items[:5] + ["..."] * (len(items) > 5))
