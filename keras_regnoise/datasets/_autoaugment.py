"""AutoAugment, with the policy that was learned on CIFAR-10."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from keras_regnoise._keras.preprocessing import ImageLayer
from keras_regnoise.datasets._randaugment import Operation, choose

_MOST = 10  # a level is so many parts of an operation's range
_LEVELS = 256
_GRAY = 0.5
_LUMINANCE = (0.299, 0.587, 0.114)

# Two operations each: name, probability and level.
POLICY = (
    (("Invert", 0.1, 7), ("Contrast", 0.2, 6)),
    (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9)),
    (("Sharpness", 0.8, 1), ("Sharpness", 0.9, 3)),
    (("ShearY", 0.5, 8), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.5, 8), ("Equalize", 0.9, 2)),
    (("ShearY", 0.2, 7), ("Posterize", 0.3, 7)),
    (("Color", 0.4, 3), ("Brightness", 0.6, 7)),
    (("Sharpness", 0.3, 9), ("Brightness", 0.7, 9)),
    (("Equalize", 0.6, 5), ("Equalize", 0.5, 1)),
    (("Contrast", 0.6, 7), ("Sharpness", 0.6, 5)),
    (("Color", 0.7, 7), ("TranslateX", 0.5, 8)),
    (("Equalize", 0.3, 7), ("AutoContrast", 0.4, 8)),
    (("TranslateY", 0.4, 3), ("Sharpness", 0.2, 6)),
    (("Brightness", 0.9, 6), ("Color", 0.2, 8)),
    (("Solarize", 0.5, 2), ("Invert", 0.0, 3)),
    (("Equalize", 0.2, 0), ("AutoContrast", 0.6, 0)),
    (("Equalize", 0.2, 8), ("Equalize", 0.6, 4)),
    (("Color", 0.9, 9), ("Equalize", 0.6, 6)),
    (("AutoContrast", 0.8, 4), ("Solarize", 0.2, 8)),
    (("Brightness", 0.1, 3), ("Color", 0.7, 0)),
    (("Solarize", 0.4, 5), ("AutoContrast", 0.9, 3)),
    (("TranslateY", 0.9, 9), ("TranslateY", 0.7, 9)),
    (("AutoContrast", 0.9, 2), ("Solarize", 0.8, 3)),
    (("Equalize", 0.8, 8), ("Invert", 0.1, 3)),
    (("TranslateY", 0.7, 9), ("AutoContrast", 0.9, 1)),
)


class AutoAugment(ImageLayer):  # type: ignore[misc]
    """Applies one of 25 pairs of operations, each of the two with its probability.

    Images are in [0, 1], channels last, of one or three channels; all images of a batch
    get the same pair. What comes in from outside the image is gray.

    Reference:
        Cubuk et al., AutoAugment: Learning Augmentation Policies from Data, 2019,
        appendix, the table of the policy found on CIFAR-10; what a level means is
        as in the authors' code for CIFAR, as the paper's ranges are for larger
        images. Translations are shares of the image: 10 of 32 pixels at most.

    Example:
        >>> import numpy as np
        >>> from keras_regnoise.datasets import AUGMENTATIONS
        >>> layer = AUGMENTATIONS["autoaugment"]((32, 32, 3))
        >>> float(layer.apply("Invert", 7, 1.0, np.zeros((1, 32, 32, 3)))[0, 0, 0, 0])
        1.0
    """

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        if not training:
            return None
        random, generator = self.backend.random, self.draws()
        signs = random.randint((2,), 0, 2, seed=generator)
        return {
            "pair": random.randint((), 0, len(POLICY), seed=generator),
            "chances": random.uniform((2,), seed=generator),
            "signs": 2.0 * self.backend.cast(signs, "float32") - 1.0,
        }

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return images
        numpy, pair = self.backend.numpy, transformation["pair"]
        for place in (0, 1):
            sign = transformation["signs"][place]
            operations: list[Operation] = [
                partial(self.apply, name, level, sign)
                for name, _, level in (both[place] for both in POLICY)
            ]
            chances = numpy.array([both[place][1] for both in POLICY], "float32")
            happens = transformation["chances"][place] < numpy.take(chances, pair)
            index = numpy.where(happens, pair, len(POLICY))
            operations.append(lambda images: images)
            images = choose(self.backend, index, operations, images)
        return images

    def apply(self, name: str, level: int, sign: Any, images: Any) -> Any:
        """Apply an operation to a batch of images.

        Args:
            name: Its name in the policy.
            level: 0 to 10, its strength.
            sign: 1 or -1, the direction of what has one.
            images: The images.
        """
        images = self.backend.cast(images, "float32")
        if name in _MATRICES:
            return self._move(images, _MATRICES[name](level / _MOST), sign)
        changed = _OPERATIONS[name](self.backend.numpy, images, level / _MOST)
        return self.backend.cast(changed, "float32")

    def _move(self, images: Any, row: tuple[float, ...], sign: Any) -> Any:
        """Take every pixel from where an affine map of its position points.

        Args:
            images: The images.
            row: What the map adds to the position, in shares of the image and around
                its middle or its corner; see `_MATRICES`.
            sign: Its direction.
        """
        numpy = self.backend.numpy
        height, width = images.shape[1:3]
        a, b, c, d, e, f, around = row
        b, c, d, f = (sign * one for one in (b, c * width, d, f * height))
        a, e = 1.0 + a, 1.0 + e
        # Around the middle or the corner, and from the middles of the pixels.
        x, y = ((around * size) - 0.5 for size in (width, height))
        c, f = c + x - a * x - b * y, f + y - d * x - e * y
        numbers = [numpy.reshape(n, ()) for n in (a, b, c, d, e, f, 0.0, 0.0)]
        numbers = [self.backend.cast(number, "float32") for number in numbers]
        # A row for every image: Keras 3.15 under torch takes no single one.
        rows = numpy.ones((images.shape[0], 1), "float32") * numpy.stack(numbers)
        return self.backend.image.affine_transform(
            images,
            rows,
            interpolation="nearest",
            fill_mode="constant",
            fill_value=_GRAY,
            data_format="channels_last",
        )


def _rotation(share: float) -> tuple[float, ...]:
    angle = math.radians(int(30 * share + 1e-9))
    turn, shrink = math.sin(angle), math.cos(angle) - 1.0
    return shrink, -turn, 0.0, turn, shrink, 0.0, 0.5


def _translation(share: float) -> float:
    return int(10 * share + 1e-9) / 32


# From the share of the strongest: what the row (a, b, c), (d, e, f) of an affine map
# adds to (1, 0, 0), (0, 1, 0), and which point stays, 0 the corner, 1/2 the middle.
_MATRICES: Mapping[str, Callable[[float], tuple[float, ...]]] = {
    "ShearX": lambda share: (0.0, 0.3 * share, 0.0, 0.0, 0.0, 0.0, 0.0),
    "ShearY": lambda share: (0.0, 0.0, 0.0, 0.3 * share, 0.0, 0.0, 0.0),
    "TranslateX": lambda share: (0.0, 0.0, _translation(share), 0.0, 0.0, 0.0, 0.0),
    "TranslateY": lambda share: (0.0, 0.0, 0.0, 0.0, 0.0, _translation(share), 0.0),
    "Rotate": _rotation,
}


def _invert(numpy: Any, x: Any, share: float) -> Any:
    return 1.0 - x


def _solarize(numpy: Any, x: Any, share: float) -> Any:
    threshold = _LEVELS - int(_LEVELS * share)
    return numpy.where(x * (_LEVELS - 1) < threshold - 0.5, x, 1.0 - x)


def _posterize(numpy: Any, x: Any, share: float) -> Any:
    step = 2.0 ** (8 - (4 - int(4 * share)))
    bytes_ = numpy.round(x * (_LEVELS - 1))
    return numpy.floor(bytes_ / step) * step / (_LEVELS - 1)


def _auto_contrast(numpy: Any, x: Any, share: float) -> Any:
    low = numpy.min(x, axis=(1, 2), keepdims=True)
    width = numpy.max(x, axis=(1, 2), keepdims=True) - low
    return numpy.where(width > 0, (x - low) / numpy.where(width > 0, width, 1.0), x)


def _equalize(numpy: Any, x: Any, share: float) -> Any:
    """As Pillow does: in whole numbers, which in small images are few."""
    count, height, width, channels = x.shape
    planes, size = count * channels, height * width
    bytes_ = numpy.round(numpy.transpose(x, (0, 3, 1, 2)) * (_LEVELS - 1))
    # All planes are sorted at once, each with a range of its own.
    plane = numpy.reshape(numpy.arange(planes), (planes, 1))
    flat = numpy.reshape(bytes_, (planes, size)) + numpy.multiply(plane, 1.0 * _LEVELS)
    flat = numpy.reshape(flat, (planes * size,))
    rank = numpy.searchsorted(numpy.sort(flat), flat, side="left")
    darker = numpy.reshape(rank, (planes, size)) - plane * size
    step = numpy.max(darker, axis=1, keepdims=True) // (_LEVELS - 1)
    found = (step // 2 + darker) // numpy.maximum(step, 1)
    found = numpy.minimum(found, _LEVELS - 1) / (_LEVELS - 1)
    shape = (count, channels, height, width)
    enough = numpy.reshape(step > 0, (count, channels, 1, 1))
    found = numpy.where(enough, numpy.reshape(found, shape), bytes_ / (_LEVELS - 1))
    return numpy.transpose(found, (0, 2, 3, 1))


def _gray(numpy: Any, x: Any) -> Any:
    if x.shape[-1] == 1:
        return x
    return numpy.sum(x * numpy.array(_LUMINANCE, "float32"), axis=-1, keepdims=True)


def _color(numpy: Any, x: Any, share: float) -> Any:
    return _enhanced(numpy, x, _gray(numpy, x), share)


def _contrast(numpy: Any, x: Any, share: float) -> Any:
    mean = numpy.mean(_gray(numpy, x), axis=(1, 2, 3), keepdims=True)
    return _enhanced(numpy, x, mean, share)


def _brightness(numpy: Any, x: Any, share: float) -> Any:
    return _enhanced(numpy, x, numpy.zeros_like(x), share)


def _sharpness(numpy: Any, x: Any, share: float) -> Any:
    """Blend with a mean over 3 x 3 pixels, of which the middle counts five times."""
    parts = (slice(0, -2), slice(1, -1), slice(2, None))
    total = sum(x[:, rows, columns] for rows in parts for columns in parts)
    middle = x[:, 1:-1, 1:-1]
    change = (total + 4.0 * middle) / 13.0 - middle
    margin = ((0, 0), (1, 1), (1, 1), (0, 0))  # pixels at the border stay
    return _enhanced(numpy, x, x + numpy.pad(change, margin), share)


def _enhanced(numpy: Any, x: Any, other: Any, share: float) -> Any:
    """Go from `other` towards the image: not at all 0, as far as it 1, or beyond."""
    return numpy.clip(other + (0.1 + 1.8 * share) * (x - other), 0.0, 1.0)


_OPERATIONS: Mapping[str, Callable[[Any, Any, float], Any]] = {
    "Invert": _invert,
    "Solarize": _solarize,
    "Posterize": _posterize,
    "AutoContrast": _auto_contrast,
    "Equalize": _equalize,
    "Color": _color,
    "Contrast": _contrast,
    "Brightness": _brightness,
    "Sharpness": _sharpness,
}
