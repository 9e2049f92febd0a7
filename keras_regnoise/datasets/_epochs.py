"""Batches whose order follows from the seed and the epoch."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets import _tensors
from keras_regnoise.datasets.augmentations import augment, layer_keys, make_layers
from keras_regnoise.datasets.split import Array, Batch, Split, count, mapped, take
from keras_regnoise.datasets.stream import Stream

_CHANNEL = 255.0


class EpochBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of one epoch after the other.

    Args:
        open_epoch: Gets an epoch and returns its batches.
        length: Number of batches of an epoch.
        initial_epoch: The first epoch.
    """

    def __init__(
        self,
        open_epoch: Callable[[int], Iterator[Batch]],
        length: int,
        initial_epoch: int,
    ) -> None:
        super().__init__()
        self.epoch = initial_epoch
        self._open, self._length = open_epoch, length
        self._position = 0
        self._within_epoch = self._complete = False

    def __len__(self) -> int:
        return self._length

    @property
    def num_batches(self) -> int:
        # fit() reads this before every pass, and then shuffles the indices with
        # Python's own generator, which models draw from too. So a pass starts here,
        # and the index counts for nothing.
        self._position = 0
        return self._length

    def __getitem__(self, index: int) -> Batch:
        if self._position == 0:
            self._batches = self._open(self.epoch)
        batch = next(self._batches)
        self._position = (self._position + 1) % self._length
        self._complete = self._complete or self._position == 0
        return batch

    def __iter__(self) -> Iterator[Batch]:
        self.on_epoch_begin()
        for index in range(self.num_batches):
            yield self[index]
        self.on_epoch_end()

    def on_epoch_begin(self) -> None:
        self._within_epoch, self._complete = True, False

    def on_epoch_end(self) -> None:
        # Keras also ends epochs that it has not begun, or left after one batch.
        self.epoch += self._within_epoch and self._complete
        self._within_epoch = False


def array_batches(
    data: Split,
    batch_size: int,
    *,
    seed: int | None,
    augmentation: Sequence[str],
    shape: Any,
    drop_last: bool,
    initial_epoch: int,
) -> EpochBatches:
    """Return the batches of arrays; see `DataSet.batches`."""
    check(seed, augmentation, initial_epoch)
    length = count_batches(count(data.y), batch_size, drop_last)
    layers = make_layers(augmentation, shape)
    order = _order(count(data.y), length * batch_size, seed)

    def open_arrays(epoch: int) -> Iterator[Batch]:
        chosen = order(epoch)
        for number in range(length):
            of_batch = chosen[number * batch_size : (number + 1) * batch_size]
            x, y = take(data, of_batch)
            x = mapped(to_floats, x)
            if layers:
                keys = layer_keys((seed, epoch, number), len(layers))
                x = _augment_batch(x, layers, keys)
            # tf.data, which Keras makes of this, takes a list for a tensor.
            yield keras.tree.lists_to_tuples((x, y))

    if not layers or not has_tensorflow():
        return EpochBatches(open_arrays, length, initial_epoch)
    opener = _tensors.array_opener(data, batch_size, order, layers, seed)
    return EpochBatches(opener, length, initial_epoch)


def _order(examples: int, used: int, seed: int | None) -> Callable[[int], Array]:
    """Return a function from an epoch to the indices of its examples."""

    def order(epoch: int) -> Array:
        if seed is None:
            return np.arange(examples)
        return np.random.default_rng((seed, epoch)).permutation(examples)[:used]

    return order


def array_pipeline(
    data: Split, batch_size: int, *, seed: int, epochs: int, initial_epoch: int
) -> Any:
    """Return the batches of `array_batches`, of all epochs, as a `tf.data.Dataset`."""
    used = count(data.y) // batch_size * batch_size
    # Images stay small until they are in a batch.
    x = mapped(lambda a: a if a.dtype == np.uint8 else to_floats(a), data.x)
    return _tensors.array_epochs(
        Split(x, data.y),
        batch_size,
        _order(count(data.y), used, seed),
        range(initial_epoch, epochs),
    )


def stream_batches(
    data: Stream,
    batch_size: int,
    *,
    seed: int | None,
    augmentation: Sequence[str],
    shape: tuple[int, ...],
    drop_last: bool,
    initial_epoch: int,
) -> EpochBatches:
    """Return the batches of a stream; see `DataSet.batches`."""
    check(seed, augmentation, initial_epoch)
    if augmentation and data.fitted:
        raise ValueError(
            f"`augmentation` would leave the boxes where they are. Received: "
            f"{augmentation}. Pass none, and move images and boxes in the model."
        )
    length = count_batches(data.count, batch_size, drop_last)
    layers = make_layers(augmentation, shape)
    opener = _tensors.stream_opener(data, batch_size, shape, layers, seed)
    return EpochBatches(opener, length, initial_epoch)


def check(seed: int | None, augmentation: Sequence[str], initial_epoch: int) -> None:
    """Raise if the arguments of `batches` do not go together."""
    if augmentation and seed is None:
        raise ValueError(
            f"`augmentation` needs a seed. Received: augmentation={augmentation}, "
            "seed=None. Pass a seed to train, or no augmentation to evaluate."
        )
    for name, value in (("seed", seed), ("initial_epoch", initial_epoch)):
        if value is not None:
            check_integer(name, value, minimum=0)


def count_batches(examples: int, batch_size: int, drop_last: bool) -> int:
    """Return the number of batches of an epoch."""
    meaning, most = "the number of examples", examples if drop_last else None
    batch_size = check_integer(
        "batch_size", batch_size, meaning if drop_last else "", minimum=1, maximum=most
    )
    return examples // batch_size if drop_last else -(-examples // batch_size)


def to_floats(x: Array) -> Array:
    """Return float32, images in [0, 1]; signed integers stay, as in `fit`."""
    if x.dtype == np.uint8:
        return np.divide(x, _CHANNEL, dtype=np.float32)
    if x.dtype.kind == "i":
        return x
    return x.astype(np.float32, copy=False)


def has_tensorflow() -> bool:
    """Whether TensorFlow is installed."""
    return importlib.util.find_spec("tensorflow") is not None


def _augment_batch(
    x: Array, layers: Sequence[keras.layers.Layer], keys: Sequence[int]
) -> Array:
    generators = [keras.random.SeedGenerator(key) for key in keys]
    draws = [lambda _, it=generator: it.next() for generator in generators]
    augmented: Array = keras.ops.convert_to_numpy(augment(x, layers, draws))
    return augmented
