"""Random changes of training images, made of Keras's preprocessing layers.

A factory of `AUGMENTATIONS` gets the shape of an image and returns a layer for batches
of images in [0, 1]. The layers are made for `DataSet.batches`, which also gives them
their random numbers, and not for use inside a model.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from keras_regnoise._keras.hooks import draw_from

Shape = tuple[int, ...]
Draw = Callable[[int], Any]

_SETTINGS: dict[str, Any] = {"data_format": "channels_last", "dtype": "float32"}


class _PadAndCrop(keras.layers.RandomCrop):  # type: ignore[misc]
    """Random shifts by up to `padding` pixels; what comes in from outside is black."""

    def __init__(self, *size: int, padding: int, **settings: Any) -> None:
        super().__init__(*size, **settings)
        self.padding = padding

    def call(self, data: Any, training: bool = True) -> Any:
        if not training:
            return data
        margin = (self.padding, self.padding)
        padded = self.backend.numpy.pad(data, ((0, 0), margin, margin, (0, 0)))
        return super().call(padded, training=training)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        # As in Keras, without the resizing where TensorFlow loses the static shape.
        top, left = transformation
        count, _, _, channels = self.backend.shape(images)
        size = (count, self.height, self.width, channels)
        return self.backend.core.slice(images, (0, top, left, 0), size)


class _Equalization(keras.layers.Equalization):  # type: ignore[misc]
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


class _RandAugment(keras.layers.RandAugment):  # type: ignore[misc]
    """Keras computes all eleven operations each time; this one those it has drawn."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.equalization = _Equalization(self.value_range, **_SETTINGS)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        def branch(name: str, drawn: Any) -> Callable[[Any], Any]:
            return lambda images: getattr(self, name).transform_images(images, drawn)

        branches = [branch(*item) for item in transformation["transforms"].items()]
        for number in range(self.num_ops):
            index = transformation["layer_idxes"][number]
            if self.backend.name == "tensorflow":  # in a graph
                images = self.backend.core.switch(index, branches, images)
            else:
                images = branches[int(index)](images)
        return self.backend.cast(images, self.compute_dtype)


def _pad_crop(shape: Shape) -> keras.layers.Layer:
    return _PadAndCrop(*shape[:2], padding=4, name="pad_crop", **_SETTINGS)


def _pad8_crop(shape: Shape) -> keras.layers.Layer:
    return _PadAndCrop(*shape[:2], padding=8, name="pad8_crop", **_SETTINGS)


def _flip(shape: Shape) -> keras.layers.Layer:
    return keras.layers.RandomFlip("horizontal", **_SETTINGS)


def _cutout(shape: Shape) -> keras.layers.Layer:
    return keras.layers.RandomErasing(
        factor=(1.0, 1.0),
        scale=(0.25, 0.25),
        fill_value=0.5,
        value_range=(0.0, 1.0),
        **_SETTINGS,
    )


def _randaugment(shape: Shape) -> keras.layers.Layer:
    if shape[-1] != 3:
        raise ValueError(
            f"'randaugment' needs images of 3 channels. Received shape: {shape}"
        )
    return _RandAugment(value_range=(0.0, 1.0), name="randaugment", **_SETTINGS)


AUGMENTATIONS: Mapping[str, Callable[[Shape], keras.layers.Layer]] = MappingProxyType(
    {
        "pad_crop": _pad_crop,
        "pad8_crop": _pad8_crop,
        "flip": _flip,
        "cutout": _cutout,
        "randaugment": _randaugment,
    }
)


def make_layers(names: Sequence[str], shape: Shape) -> list[keras.layers.Layer]:
    """Return the layers of an augmentation."""
    for name in names:
        if name not in AUGMENTATIONS:
            raise ValueError(
                f"Unknown augmentation {name!r}. Choose from: "
                f"{', '.join(AUGMENTATIONS)}"
            )
    is_image = (
        isinstance(shape, tuple) and len(shape) == 3 and isinstance(shape[0], int)
    )
    if names and not is_image:
        raise ValueError(
            "`augmentation` needs images (height, width, channels). "
            f"Received inputs of shape {shape}; leave it empty."
        )
    return [AUGMENTATIONS[name](shape) for name in names]


def layer_keys(entropy: Sequence[int | None], count: int) -> list[int]:
    """Return a seed for every layer."""
    known = [number for number in entropy if number is not None]
    state = np.random.SeedSequence([*known, count]).generate_state(count)
    return [int(key) >> 1 for key in state]  # torch takes 31 bits


class _Draws(keras.random.SeedGenerator):  # type: ignore[misc]
    """Seeds that follow from their number, in place of a state that is counted up."""

    def __init__(self, draw: Draw) -> None:
        self._draw, self._count = draw, 0

    def next(self, ordered: bool = True) -> Any:
        self._count += 1
        return self._draw(self._count)


def augment(
    images: Any, layers: Sequence[keras.layers.Layer], draws: Sequence[Draw]
) -> Any:
    """Apply layers to a batch of images.

    A layer's own generator is a variable: what it draws depends on all that was drawn
    before, which neither parallel nor resumed pipelines can repeat.

    Args:
        images: Tensor `(batch, height, width, channels)`, float32 in [0, 1].
        layers: From `make_layers`.
        draws: For every layer a function from the number of a draw to a seed.

    Returns:
        Tensor of the same shape.
    """
    for layer, draw in zip(layers, draws, strict=True):
        draw_from(layer, _Draws(draw))
        images = layer(images, training=True)
    return images
