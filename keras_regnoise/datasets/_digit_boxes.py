"""Images with several handwritten digits, for detection without files."""

from typing import Any

import numpy as np

from keras_regnoise.datasets._from_digits import from_digits
from keras_regnoise.datasets.data_set import DataSet
from keras_regnoise.datasets.split import Split

IMAGES = {"train": 500, "validation": 100, "test": 200}
_SIDE, _DIGIT, _MOST = 64, 32, 3
_NO_BOX = -1


def load_boxes(name: str, seed: int, *sizes: Any) -> DataSet:
    """Paint one to three of scikit-learn's digits into every image of 64 x 64 pixels.

    Inputs and targets are as those of `"coco/2017"`: a dict of `"boxes"`, `(3, 4)`,
    left, top, right and bottom in pixels, and `"labels"`, `(3,)`, -1 where there is no
    box. The digits of a split are those of the same split of `"digits"`.

    Args:
        name: Name of the set.
        seed: Seed of the images and of the split.
        *sizes: Examples, test and validation examples; see `load`.
    """
    return from_digits(name, seed, IMAGES, _paint, 10, *sizes)


def _paint(digits: Split, count: int, random: np.random.Generator) -> Split:
    x = np.zeros((count, _SIDE, _SIDE, 3), "uint8")
    boxes = np.zeros((count, _MOST, 4), "float32")
    labels = np.full((count, _MOST), _NO_BOX, "int64")
    # Each in a place of its own, of which there are four.
    side = _SIDE // _DIGIT
    for image in range(count):
        many = random.integers(1, _MOST + 1)
        places = random.choice(side**2, many, replace=False)
        for number, place in enumerate(places):
            digit = random.integers(len(digits.y))
            top, left = _DIGIT * (place // side), _DIGIT * (place % side)
            small = np.round(255 * digits.x[digit, ..., 0]).astype("uint8")
            large = np.kron(small, np.ones((4, 4), "uint8"))[..., None]
            x[image, top : top + _DIGIT, left : left + _DIGIT] = large
            boxes[image, number] = (left, top, left + _DIGIT, top + _DIGIT)
            labels[image, number] = digits.y[digit]
    return Split(x, {"boxes": boxes, "labels": labels})
