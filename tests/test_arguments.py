"""Every kind of value that is or is not a number, through every check."""

from fractions import Fraction

import numpy as np
import pytest

from keras_regnoise._arguments import (
    check_choice,
    check_integer,
    check_number,
    check_rate,
)
from keras_regnoise._seeds import LARGEST_SEED, check_seed, derived_seed

NOT_NUMBERS = [
    None,
    True,
    np.True_,
    "1",
    b"1",
    1j,
    [1],
    np.ones(1),
    np.array("1"),
    float("nan"),
    float("inf"),
    -float("inf"),
    np.float32("nan"),
    10**400,
    Fraction(10**400, 3),
    10**5000,  # Python refuses to write it
]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_not_a_number(value):
    for check in (
        lambda: check_number("x", value),
        lambda: check_rate(value, "x"),
        lambda: check_integer("x", value, maximum=10**9),
    ):
        with pytest.raises(
            ValueError, match=r"^`x` must be an? .*Received: x="
        ) as info:
            check()
        assert len(str(info.value)) < 500


@pytest.mark.parametrize(
    "value", [1, 1.0, np.int8(1), np.uint64(1), np.float16(1), np.array(1), Fraction(1)]
)
def test_numbers_become_python_floats(value):
    number = check_number("x", value, minimum=1, maximum=1)
    assert type(number) is float
    assert number == 1.0


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_integers_become_python_integers(value):
    for number in (check_integer("n", value), check_seed(value)):
        assert type(number) is int
        assert number == 3
    assert derived_seed(value, "a") == derived_seed(3, "a")


@pytest.mark.parametrize("value", [3.0, Fraction(3), np.float32(3), "3"])
def test_what_is_not_an_integer(value):
    with pytest.raises(ValueError, match="`n` must be an integer"):
        check_integer("n", value)
    with pytest.raises(ValueError, match="`seed` must be None or an integer"):
        check_seed(value)
    with pytest.raises(ValueError, match="`seed` must be None or an integer"):
        derived_seed(value, "a")


@pytest.mark.parametrize(
    ("limits", "inside", "outside", "words"),
    [
        ({"minimum": 0}, 0, -1e-9, "a finite float of 0 or more"),
        ({"above": 0}, 1e-9, 0, "a positive float"),
        ({"above": 0, "below": 1}, 0.5, 1, r"a float in \(0, 1\)"),
        ({"minimum": 0, "below": 1}, 0, 1, r"a float in \[0, 1\)"),
        ({"minimum": 0, "maximum": 1}, 1, 1.1, r"a float in \[0, 1\]"),
        ({"maximum": 2}, 2, 3, "a float of 2 or less"),
        ({"above": 2}, 3, 2, "a finite float above 2"),
        ({"below": 2}, 1, 2, "a float below 2"),
    ],
)
def test_ranges(limits, inside, outside, words):
    assert check_number("x", inside, "meant so", **limits) == inside
    with pytest.raises(ValueError, match=f"`x` must be {words}, meant so. Received"):
        check_number("x", outside, "meant so", **limits)


def test_range_of_integers():
    assert check_integer("n", 5, minimum=5, maximum=5) == 5
    for value in (4, 6):
        with pytest.raises(ValueError, match="an integer from 5 to 5"):
            check_integer("n", value, minimum=5, maximum=5)


def test_seeds_are_what_every_backend_takes():
    assert check_seed(None) is None
    assert check_seed(LARGEST_SEED) == 2**31 - 1
    for seed in (-1, 2**31, 10**5000):
        with pytest.raises(ValueError, match="which every backend takes"):
            check_seed(seed)


@pytest.mark.parametrize("value", ["c", 1, None, ["a"], np.array(["a"])])
def test_choice(value):
    assert check_choice("x", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match=r"one of .a., .b. or a layer\. Rec"):
        check_choice("x", value, ("a", "b"), "a layer")


def test_a_long_value_is_cut():
    with pytest.raises(ValueError, match=r"\.\.\.$") as info:
        check_rate("long" * 10_000)
    assert len(str(info.value)) < 500
