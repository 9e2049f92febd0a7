"""Checks of arguments: each returns the value, as a Python object, or raises.

A number is one of Python's or of NumPy's (a scalar, or an array without axes); a
boolean and a text are not. It must be finite, and a float must be able to hold it.
"""

import math
import numbers
from collections.abc import Sequence
from typing import TypeAlias

Real: TypeAlias = int | float

LARGEST_RATE = 0.999999  # below 1 in float32 too, with digits left
_LONGEST = 200  # characters of a value that a message shows


def check_integer(
    name: str,
    value: object,
    meaning: str = "",
    *,
    minimum: int | None = None,
    maximum: int | None = None,
) -> int:
    """Return an integer, or raise `ValueError` if the value is not one in the range.

    Args:
        name: The argument's name.
        value: What was given for it.
        meaning: What it is for, the end of the sentence that says what is expected.
        minimum: Smallest integer allowed. None: any.
        maximum: Largest integer allowed. None: any.
    """
    number = as_integer(value)
    if number is None or not _is_inside(number, minimum, None, maximum, None):
        kind = f"an integer{_words(minimum, None, maximum, None, is_integer=True)}"
        raise ValueError(message(name, value, kind, meaning))
    return number


def check_number(
    name: str,
    value: object,
    meaning: str = "",
    *,
    minimum: Real | None = None,
    above: Real | None = None,
    maximum: Real | None = None,
    below: Real | None = None,
) -> float:
    """Return a finite float, or raise `ValueError` if the value is not one in range.

    Args:
        name: The argument's name.
        value: What was given for it.
        meaning: What it is for, the end of the sentence that says what is expected.
        minimum: Smallest number allowed.
        above: What the number must be larger than.
        maximum: Largest number allowed.
        below: What the number must be smaller than.
    """
    number = as_number(value)
    if number is None or not _is_inside(number, minimum, above, maximum, below):
        if above == 0 and maximum is None and below is None:
            kind = "a positive float"
        else:
            is_open = maximum is None and below is None
            kind = "a finite float" if is_open else "a float"
            kind += _words(minimum, above, maximum, below, is_integer=False)
        raise ValueError(message(name, value, kind, meaning))
    return number


def check_rate(value: object, name: str = "rate", instead: str = "") -> float:
    """Return a rate of noise, or raise `ValueError` if the value is not one.

    Args:
        value: What was given for it.
        name: The argument's name.
        instead: What else the argument takes, the end of the sentence.
    """
    number = as_number(value)
    if number is None or not 0.0 <= number <= LARGEST_RATE:
        meaning = (
            f"{LARGEST_RATE} at most: the share of noise as in keras.layers.Dropout "
            f"(a keep rate p is 1 - p){instead}"
        )
        raise ValueError(message(name, value, "a float in [0, 1)", meaning))
    return number


def check_choice(
    name: str, value: object, choices: Sequence[str], other: str = ""
) -> str:
    """Return one of `choices`, or raise `ValueError`; `other` is one more, in words."""
    if not isinstance(value, str) or value not in choices:
        kind = f"one of {', '.join(map(repr, choices))}"
        kind += f" or {other}" if other else ""
        raise ValueError(message(name, value, kind))
    return value


def as_integer(value: object) -> int | None:
    """Return an integer of any kind as Python's, None for all else."""
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        return None
    return int(value)


def as_number(value: object) -> float | None:
    """Return a finite number of any kind as Python's float, None for all else."""
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer or a fraction beyond the floats
        return None
    return number if math.isfinite(number) else None


def message(name: str, value: object, kind: str, meaning: str = "") -> str:
    """Say what was expected and what was received."""
    end = f", {meaning}" if meaning else ""
    return f"`{name}` must be {kind}{end}. Received: {name}={shown(value)}"


def shown(value: object) -> str:
    """Return what a message shows of a value: its `repr`, if that is not too long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes
        text = f"<{type(value).__name__} of thousands of digits>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _scalar(value: object) -> object:
    """Take the number out of a NumPy array without axes."""
    is_array = type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0
    return value.item() if is_array and hasattr(value, "item") else value


def _is_inside(
    number: Real,
    minimum: Real | None,
    above: Real | None,
    maximum: Real | None,
    below: Real | None,
) -> bool:
    return (
        (minimum is None or number >= minimum)
        and (above is None or number > above)
        and (maximum is None or number <= maximum)
        and (below is None or number < below)
    )


def _words(
    minimum: Real | None,
    above: Real | None,
    maximum: Real | None,
    below: Real | None,
    *,
    is_integer: bool,
) -> str:
    """Return the range in words, to follow "an integer" or "a float"."""
    low = minimum if above is None else above
    high = maximum if below is None else below
    if low is None and high is None:
        return ""
    if high is None:
        return f" of {low} or more" if above is None else f" above {low}"
    if low is None:
        return f" of {high} or less" if below is None else f" below {high}"
    if is_integer:
        return f" from {low} to {high}"
    left, right = "[" if above is None else "(", "]" if below is None else ")"
    return f" in {left}{low}, {high}{right}"
