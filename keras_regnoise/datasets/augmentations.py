"""Random changes of training images, made of Keras's preprocessing layers.

A factory of `AUGMENTATIONS` gets the shape of an image and returns a layer for batches
of images in [0, 1]. The layers are made for `DataSet.batches`, which also gives them
their random numbers, and not for use inside a model.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from keras_regnoise._keras.hooks import draw_from
from keras_regnoise.datasets._autoaugment import AutoAugment
from keras_regnoise.datasets._randaugment import SETTINGS, RandAugment

Shape = tuple[int, ...]
Draw = Callable[[int], Any]


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


def _pad_crop(shape: Shape) -> keras.layers.Layer:
    return _PadAndCrop(*shape[:2], padding=4, name="pad_crop", **SETTINGS)


def _pad8_crop(shape: Shape) -> keras.layers.Layer:
    return _PadAndCrop(*shape[:2], padding=8, name="pad8_crop", **SETTINGS)


def _flip(shape: Shape) -> keras.layers.Layer:
    return keras.layers.RandomFlip("horizontal", **SETTINGS)


def _cutout(shape: Shape, share: float = 0.25) -> keras.layers.Layer:
    return keras.layers.RandomErasing(
        factor=(1.0, 1.0),
        scale=(share, share),
        fill_value=0.5,
        value_range=(0.0, 1.0),
        **SETTINGS,
    )


def _randaugment(shape: Shape) -> keras.layers.Layer:
    if shape[-1] != 3:
        raise ValueError(
            f"'randaugment' needs images of 3 channels. Received shape: {shape}"
        )
    return RandAugment(value_range=(0.0, 1.0), name="randaugment", **SETTINGS)


def _autoaugment(shape: Shape) -> keras.layers.Layer:
    if shape[-1] not in (1, 3):
        raise ValueError(
            f"'autoaugment' needs images of 1 or 3 channels. Received shape: {shape}"
        )
    return AutoAugment(name="autoaugment", **SETTINGS)


AUGMENTATIONS: Mapping[str, Callable[[Shape], keras.layers.Layer]] = MappingProxyType(
    {
        "pad_crop": _pad_crop,
        "pad8_crop": _pad8_crop,
        "flip": _flip,
        "cutout": _cutout,
        "cutout_quarter": partial(_cutout, share=1 / 16),
        "randaugment": _randaugment,
        "autoaugment": _autoaugment,
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
