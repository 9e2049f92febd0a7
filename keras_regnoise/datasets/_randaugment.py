"""Keras's RandAugment, at the speed of `tf.data`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

SETTINGS: dict[str, Any] = {"data_format": "channels_last", "dtype": "float32"}
Operation = Callable[[Any], Any]


def choose(backend: Any, index: Any, operations: Sequence[Operation], x: Any) -> Any:
    """Apply the operation of an index, and compute no other."""
    if backend.name == "tensorflow":  # in a graph
        return backend.core.switch(index, operations, x)
    return operations[int(index)](x)


class Equalization(keras.layers.Equalization):  # type: ignore[misc]
    """Keras under JAX compares with 256 values, one by one, in tf.data too."""

    def _custom_histogram_fixed_width(
        self, values: Any, value_range: tuple[float, float], nbins: int
    ) -> Any:
        low, high = value_range
        scaled = (values - low) * (nbins - 1) / (high - low)
        bins = self.backend.cast(scaled, "int32")
        bins = self.backend.numpy.clip(bins, 0, nbins - 1)
        flat = self.backend.numpy.reshape(bins, [-1])
        return self.backend.numpy.bincount(flat, minlength=nbins)


class RandAugment(keras.layers.RandAugment):  # type: ignore[misc]
    """Keras computes all eleven operations each time; this one those it has drawn."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.equalization = Equalization(self.value_range, **SETTINGS)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        def branch(name: str, drawn: Any) -> Operation:
            return lambda images: getattr(self, name).transform_images(images, drawn)

        branches = [branch(*item) for item in transformation["transforms"].items()]
        for number in range(self.num_ops):
            index = transformation["layer_idxes"][number]
            images = choose(self.backend, index, branches, images)
        return self.backend.cast(images, self.compute_dtype)
