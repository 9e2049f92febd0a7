"""Every operation of AutoAugment against Pillow's, and the draw of the policy."""

from collections import Counter

import numpy as np
import pytest

from keras_regnoise.datasets import AUGMENTATIONS
from keras_regnoise.datasets._autoaugment import POLICY, AutoAugment
from keras_regnoise.datasets._randaugment import SETTINGS
from tests.helpers import to_numpy

ImageOps = pytest.importorskip("PIL.ImageOps")
Image = pytest.importorskip("PIL.Image")
ImageEnhance = pytest.importorskip("PIL.ImageEnhance")
GRAY = (128, 128, 128)


def moved(image, *row):
    return image.transform(image.size, Image.Transform.AFFINE, row, fillcolor=GRAY)


# As the authors' code for CIFAR has them, by level of 10.
PILLOW = {
    "Invert": lambda image, level, sign: ImageOps.invert(image),
    "AutoContrast": lambda image, level, sign: ImageOps.autocontrast(image),
    "Equalize": lambda image, level, sign: ImageOps.equalize(image),
    "Solarize": lambda image, level, sign: ImageOps.solarize(
        image, 256 - int(25.6 * level)
    ),
    "Posterize": lambda image, level, sign: ImageOps.posterize(
        image, 4 - int(0.4 * level)
    ),
    "Color": lambda image, level, sign: enhanced(ImageEnhance.Color, image, level),
    "Contrast": lambda image, level, sign: enhanced(
        ImageEnhance.Contrast, image, level
    ),
    "Brightness": lambda image, level, sign: enhanced(
        ImageEnhance.Brightness, image, level
    ),
    "Sharpness": lambda image, level, sign: enhanced(
        ImageEnhance.Sharpness, image, level
    ),
    "ShearX": lambda image, level, sign: moved(
        image, 1, sign * 0.03 * level, 0, 0, 1, 0
    ),
    "ShearY": lambda image, level, sign: moved(
        image, 1, 0, 0, sign * 0.03 * level, 1, 0
    ),
    "TranslateX": lambda image, level, sign: moved(image, 1, 0, sign * level, 0, 1, 0),
    "TranslateY": lambda image, level, sign: moved(image, 1, 0, 0, 0, 1, sign * level),
    "Rotate": lambda image, level, sign: image.rotate(sign * 3 * level, fillcolor=GRAY),
}
EXACT = {"Invert", "Solarize", "Posterize", "TranslateX", "TranslateY", "Equalize"}
OPERATIONS = sorted({operation[::2] for pair in POLICY for operation in pair})


def enhanced(kind, image, level):
    return kind(image).enhance(0.1 + 0.18 * level)


def layer():
    return AUGMENTATIONS["autoaugment"]((32, 32, 3))


def picture():
    """Blobs of all sizes, of which no channel has the whole range."""
    draw = np.random.default_rng(0)
    small = Image.fromarray(draw.integers(0, 256, (8, 8, 3), "uint8"))
    large = np.asarray(small.resize((32, 32), Image.Resampling.BICUBIC), "int64")
    return np.clip(large, 20, 240).astype("uint8")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("name", "level"), [*OPERATIONS, ("ShearX", 6), ("Rotate", 9)])
def test_operations_are_those_of_pillow(name, level, sign):
    image = picture()
    pillow = np.asarray(PILLOW[name](Image.fromarray(image), level, sign), "float32")
    both = np.stack([image, image]) / 255.0
    ours, same = to_numpy(layer().apply(name, level, float(sign), both))
    np.testing.assert_array_equal(ours, same)
    assert ours.dtype == np.float32
    differences = np.abs(255.0 * ours - pillow).max(-1)
    if name in ("Rotate", "ShearX", "ShearY"):
        # Where a position lies between two pixels, either is the nearest.
        assert (differences > 1.0).mean() < 0.02, differences.max()
    else:
        # Pillow rounds to whole numbers, Contrast its mean as well.
        assert differences.max() < (0.51 if name in EXACT else 3.0)
    if (name, level) != ("Sharpness", 5):  # of factor 1
        assert np.abs(255.0 * ours - image).max() > 2.0  # and it does something


def test_the_policy_is_that_of_the_paper():
    """Its counts, taken from the table by hand; ShearX is in none of the pairs."""
    counts = Counter(name for pair in POLICY for name, _, _ in pair)
    assert len(POLICY) == 25
    assert counts == {
        "Equalize": 9,
        "AutoContrast": 7,
        "TranslateY": 5,
        "Sharpness": 5,
        "Color": 5,
        "Brightness": 4,
        "Invert": 3,
        "Solarize": 4,
        "Contrast": 2,
        "TranslateX": 2,
        "ShearY": 2,
        "Rotate": 1,
        "Posterize": 1,
    }
    assert all(0 <= p < 1 and 0 <= m < 10 for pair in POLICY for _, p, m in pair)


def test_pairs_are_drawn_evenly_and_applied_with_their_probabilities():
    ours = AutoAugment(seed=3, **SETTINGS)
    image = np.zeros((1, 4, 4, 3), "float32")
    count = 400
    drawn = [ours.get_random_transformation(image) for _ in range(count)]
    pairs = np.bincount([int(one["pair"]) for one in drawn], minlength=25)
    # Chi-square with 24 degrees of freedom: 99.99 % of it is below 59.
    assert ((pairs - count / 25) ** 2 / (count / 25)).sum() < 59
    signs = np.array([to_numpy(one["signs"]) for one in drawn])
    assert {*signs.ravel()} == {-1.0, 1.0}
    assert np.abs(signs.mean(0)).max() < 4 / np.sqrt(count)

    def inverted(pair, chances):
        drawn = {"pair": pair, "chances": np.float32(chances), "signs": [1.0, 1.0]}
        return to_numpy(ours.transform_images(image, drawn)).max() == 1.0

    # Pair 0 inverts first, with probability 0.1; pair 23 last, with 0.1.
    assert inverted(0, (0.09, 0.9))
    assert not inverted(0, (0.11, 0.9))
    assert inverted(23, (0.9, 0.09))
    assert not inverted(23, (0.9, 0.11))


def test_gray_images_and_other_channels():
    gray = picture()[None, ..., :1] / 255.0
    for name, level in OPERATIONS:
        assert to_numpy(layer().apply(name, level, 1.0, gray)).shape == gray.shape
    with pytest.raises(ValueError, match="1 or 3 channels"):
        AUGMENTATIONS["autoaugment"]((32, 32, 2))
