"""The data of `refit`: each part for a call of `fit`, and both as one."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_regnoise._data import (
    as_arrays,
    check_end,
    count_batches,
    is_stream,
    is_used_up,
    stream,
    to_array,
)

# Arguments of `fit` that would train on something else.
_OWN = {
    *("x", "y", "sample_weight", "initial_epoch"),
    *("validation_data", "validation_split"),
}


def check_data(train: Any, validation: Any, options: dict[str, Any]) -> None:
    """Raise `ValueError` for data that cannot be read again, or not be joined."""
    kinds = {}
    for name, data in (("train", train), ("validation", validation)):
        if is_used_up(data):
            raise ValueError(
                f"`{name}` must be data that every epoch can read anew: arrays, a "
                "tf.data.Dataset, a keras.utils.PyDataset or a torch DataLoader. "
                f"Received: {name} of type {type(data).__name__}"
            )
        check_end(data)
        kinds[name] = "batches" if is_stream(data) else f"{len(_arrays(data))} arrays"
    if len(set(kinds.values())) > 1:
        raise ValueError(
            "`train` and `validation` must be of one kind, to become one: both (x, y), "
            "both (x, y, sample_weight), or both data sets of batches. Received: "
            f"train of {kinds['train']}, validation of {kinds['validation']}"
        )
    if own := sorted(_OWN & options.keys()):
        raise ValueError(
            f"`refit` sets {', '.join(f'`{name}`' for name in own)} itself: what is "
            "trained on, held out and for how long is in `train`, `validation` and "
            f"`epochs`. Received: {', '.join(f'{n}={options[n]!r}' for n in own)}"
        )
    if is_stream(train) and options.get("steps_per_epoch") is not None:
        raise ValueError(
            "`steps_per_epoch` cannot be used with data that have batches. Pass as "
            "many of them as an epoch has, as data.take(100) does. "
            f"Received: steps_per_epoch={options['steps_per_epoch']!r}"
        )


def arguments(data: Any) -> dict[str, Any]:
    """Return the data as arguments of `fit` or `evaluate`."""
    if is_stream(data):
        return {"x": data}
    return dict(zip(("x", "y", "sample_weight"), _arrays(data), strict=False))


def whole(data: Any) -> Any:
    """Return the data as `fit` takes them for `validation_data`."""
    return data if is_stream(data) else _arrays(data)


def steps_of(data: Any, history: keras.callbacks.History) -> int:
    """Return the training steps of an epoch of the `fit` that made this history."""
    return count_batches(data) if is_stream(data) else int(history.params["steps"])


def both(train: Any, validation: Any, *, shuffle: bool = True) -> dict[str, Any]:
    """Return all the data as arguments of `fit`."""
    if is_stream(train):
        numbers = [count_batches(train), count_batches(validation)]
        batches = _mixed((train, validation), numbers, shuffle)
        return {"x": batches, "steps_per_epoch": sum(numbers), "shuffle": False}

    def join(*parts: Any) -> Any:
        return np.concatenate([to_array(part) for part in parts])

    joined = keras.tree.map_structure(join, _arrays(train), _arrays(validation))
    return {**arguments(joined), "shuffle": shuffle}


def _arrays(data: Any) -> tuple[Any, ...]:
    parts = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    while parts and parts[-1] is None:  # (x, y, None): no sample weights
        parts = parts[:-1]
    return parts


def _as_tuple(batch: Any) -> Any:
    """Return the arrays of a batch, as `fit` takes them from a generator."""
    batch = tuple(batch) if isinstance(batch, list) else batch
    return as_arrays(batch if isinstance(batch, tuple) else (batch,))


def _mixed(
    sources: Sequence[Any], numbers: Sequence[int], shuffle: bool
) -> Iterator[Any]:
    """Yield the batches of the sources, epoch after epoch, each in its own order."""
    order = np.random.default_rng(random.getrandbits(32))
    turns = np.repeat(range(len(sources)), numbers)
    while True:
        if shuffle:
            order.shuffle(turns)
        for source in sources:
            if isinstance(source, keras.utils.PyDataset):
                source.on_epoch_begin()  # which may draw it anew, as may its end
        opened = [stream(source) for source in sources]
        for turn in turns:
            batch = next(opened[turn])
            yield _as_tuple(batch)
        for source in sources:
            if isinstance(source, keras.utils.PyDataset):
                source.on_epoch_end()
