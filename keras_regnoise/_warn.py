"""Warnings that point at the user's line and not into a library."""

import sys
import warnings

# What stands between a line of the user's and what warns.
_BETWEEN = {"keras_regnoise", "keras", "tensorflow", "jax", "torch"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside of this package, Keras and its backends."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and _package(frame.f_globals) in _BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(module: dict[str, object]) -> str:
    return str(module.get("__name__")).partition(".")[0]
