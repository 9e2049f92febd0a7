"""What an arm, a recipe and a study may hold: each check returns it or raises."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from keras_regnoise._arguments import as_integer, as_number
from keras_regnoise._seeds import LARGEST_SEED
from keras_regnoise.studies._text import clean_text

_LINES = frozenset("\n\t\u2028\u2029")


def refuse(owner: str, name: str, expected: str, value: object) -> NoReturn:
    """Raise the error of an argument, in characters that any terminal shows."""
    raise ValueError(f"{owner}: `{name}` must be {expected}. Received: {value!a}")


def text(
    owner: str, name: str, value: Any, *, filled: bool = False, lines: bool = False
) -> str:
    """Return a string that can be shown.

    Args:
        owner: What the argument belongs to, for the error.
        name: Name of the argument.
        value: The argument.
        filled: Whether it must not be empty.
        lines: Whether it may have several lines.
    """
    if not isinstance(value, str):
        refuse(owner, name, "a string", value)
    # They would reach the terminal, and the page could not be written.
    if clean_text(value) != value or not (lines or _LINES.isdisjoint(value)):
        expected = "without control characters, escape codes and lone surrogates"
        refuse(owner, name, expected, value)
    if filled and not value.strip():
        refuse(owner, name, "a string that is not empty", value)
    return str(value)


def texts(owner: str, name: str, value: Any, *, lines: bool = False) -> tuple[str, ...]:
    """Return a tuple of strings; a string alone is not one."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(owner, name, 'a tuple of strings, such as ("a", "b")', value)
    return tuple(text(owner, name, one, lines=lines) for one in value)


def whole(owner: str, name: str, value: Any, minimum: int) -> int:
    """Return an integer, NumPy's as Python's."""
    found = as_integer(value)
    if found is None or found < minimum:
        refuse(owner, name, f"an integer of {minimum} or more", value)
    return found


def number(owner: str, name: str, value: Any, minimum: float = float("-inf")) -> float:
    """Return a finite number, NumPy's as Python's."""
    found = as_number(value)
    if found is None or found < minimum:
        more = f" of {minimum:g} or more" if minimum > float("-inf") else ""
        refuse(owner, name, f"a finite number{more}", value)
    return found


def seeds(owner: str, value: Any) -> tuple[int, ...]:
    """Return seeds: whole, different, at least one."""
    expected = f"a tuple of different integers from 0 to {LARGEST_SEED}, such as (0, 1)"
    if isinstance(value, str) or not isinstance(value, Iterable):
        refuse(owner, "seeds", expected, value)
    given = tuple(value)
    found = [n for n in map(as_integer, given) if n is not None and n >= 0]
    if not given or len(set(found)) < len(given) or max(found) > LARGEST_SEED:
        refuse(owner, "seeds", expected, given)
    return tuple(found)


def values(owner: str, value: Any) -> dict[str, str | int | float | bool]:
    """Return the values of an arm, NumPy's numbers as Python's."""
    if not isinstance(value, Mapping):
        refuse(owner, "values", 'a dict, such as {"rate": 0.1}', value)
    return {
        text(owner, "values", key, filled=True): _value(owner, key, one)
        for key, one in value.items()
    }


def _value(owner: str, key: str, value: Any) -> str | int | float | bool:
    if isinstance(value, str):
        return text(owner, f"values[{key!r}]", value)
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    whole_number, real_number = as_integer(value), as_number(value)
    if real_number is not None:
        return real_number if whole_number is None else whole_number
    refuse(
        owner, f"values[{key!r}]", "a string, a finite number or a truth value", value
    )


def instances(owner: str, name: str, value: Any, kind: type) -> tuple[Any, ...]:
    """Return a tuple of objects of one class."""
    expected = f"a tuple of {kind.__name__} objects"
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        refuse(owner, name, expected, value)
    found = tuple(value)
    for one in found:
        if not isinstance(one, kind):
            refuse(owner, name, expected, one)
    return found
