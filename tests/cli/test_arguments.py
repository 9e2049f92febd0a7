import argparse
from pathlib import Path

import pytest

from keras_regnoise.cli import arguments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", (3,)),
        ("0-2", (0, 1, 2)),
        ("5,0-1,0", (5, 0, 1)),
        ("2147483647", (2**31 - 1,)),
    ],
)
def test_seeds(text, expected):
    assert arguments.seeds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "3-1",
        "-1",
        "1,,2",
        "1.5",
        "0-",
        "2147483648",
        "0-99999999999",
        "9" * 5000,
    ],
)
def test_seeds_that_can_not_be(text):
    with pytest.raises(argparse.ArgumentTypeError, match="0-4 or 0,2,5"):
        arguments.seeds(text)


def test_a_range_of_seeds_that_is_a_slip_takes_no_memory():
    with pytest.raises(argparse.ArgumentTypeError, match="10,000 seeds at most"):
        arguments.seeds("0-2000000000")


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("1.5m", 90), ("2h", 7200), ("3s", 3)]
)
def test_times(text, expected):
    assert arguments.seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "0", "-3", "nan", "inf", "1e999", "m", "1d"]
)
def test_times_that_can_not_be(text):
    with pytest.raises(argparse.ArgumentTypeError, match="90s, 15m, 2h"):
        arguments.seconds(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "²", "nan", "9" * 5000])
def test_counts_that_can_not_be(text):
    with pytest.raises(argparse.ArgumentTypeError, match="1 or more"):
        arguments.positive(text)


@pytest.mark.parametrize("text", ["", "nan", "1", "-0.1", "inf", "20%"])
def test_rates_that_can_not_be(text):
    with pytest.raises(argparse.ArgumentTypeError, match="from 0 up to 1"):
        arguments.rate(text)


def test_the_empty_path_of_an_unset_variable_is_not_the_current_folder():
    assert arguments.path("my run") == Path("my run")
    with pytest.raises(argparse.ArgumentTypeError, match="received ''"):
        arguments.path("")
