import numpy as np
import pytest

pytest.importorskip("sklearn")

from keras_regnoise import datasets
from keras_regnoise.datasets.redraw import redraw


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def rows(split):
    return {image.tobytes() for image in split.x}


def test_every_seed_has_examples_of_its_own_and_the_test_split_stays(digits):
    one, again, other = (redraw(digits, seed) for seed in (1, 1, 2))
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert one.sizes == digits.sizes
    assert one.test.x is digits.test.x
    assert one.test.y is digits.test.y
    pool = rows(digits.train) | rows(digits.validation)
    for data in (one, other):
        assert rows(data.train) | rows(data.validation) == pool
        assert not rows(data.train) & rows(data.validation)
    # Of 500 of 797, a share of 500 / 797 is expected to be in both.
    assert 250 < len(rows(one.train) & rows(other.train)) < 375


def test_classes_keep_their_shares(digits):
    data = redraw(digits, 0, examples=100, validation_examples=50)
    assert data.sizes == {"train": 100, "validation": 50, "test": 1000}
    assert set(np.bincount(data.train.y)) <= {9, 10, 11}
    assert set(np.bincount(data.validation.y)) <= {4, 5, 6}


def test_as_many_labels_are_wrong_as_it_says(digits):
    right, wrong = redraw(digits, 3), redraw(digits, 3, wrong_labels=0.4)
    assert (right.train.x == wrong.train.x).all()
    differ = right.train.y != wrong.train.y
    assert differ.sum() == 200
    assert set(np.unique(wrong.train.y)) == set(range(10))
    assert (right.validation.y == wrong.validation.y).all()
    # Every other class alike: 200 draws of 9 shifts, 22.2 each, 4.4 deviation.
    shifts = (wrong.train.y - right.train.y)[differ] % 10
    assert (np.bincount(shifts, minlength=10)[1:] > 22.2 - 4 * 4.4).all()
    assert wrong.train.y.dtype == right.train.y.dtype
    assert (redraw(digits, 3, wrong_labels=1.0).train.y != right.train.y).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wrong_labels": 1.5}, "wrong_labels"),
        ({"examples": 797}, "`examples` must be"),
        ({"examples": 700, "validation_examples": 98}, "`validation_examples` must be"),
    ],
)
def test_what_cannot_be_drawn(digits, options, words):
    with pytest.raises(ValueError, match=words):
        redraw(digits, 0, **options)


def test_targets_that_are_no_classes(digits):
    targets = digits.train.y.astype("float32")
    from dataclasses import replace

    numbers = replace(digits, train=digits.train._replace(y=targets))
    with pytest.raises(ValueError, match="integer classes"):
        redraw(numbers, 0)
