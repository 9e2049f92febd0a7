"""How a public name is taken away: announced for a version, then gone."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from keras_regnoise._warn import warn

P = ParamSpec("P")
T = TypeVar("T")


def warn_deprecated(name: str, removed_in: str, instead: str) -> None:
    """Warn that a name is to go.

    Args:
        name: What is to go, as a user writes it: `"insert(model, rate=...)"`.
        removed_in: The version in which it is gone, such as `"0.3.0"`.
        instead: What to write in its place.
    """
    warn(
        f"{name} is deprecated and will be removed in keras_regnoise {removed_in}. "
        f"Use {instead} instead.",
        DeprecationWarning,
    )


def deprecated(
    name: str, removed_in: str, instead: str
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function or method that is to go; see `warn_deprecated`."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def warning(*args: P.args, **kwargs: P.kwargs) -> T:
            warn_deprecated(name, removed_in, instead)
            return function(*args, **kwargs)

        return warning

    return decorate
