"""Arguments as float64 NumPy arrays."""

from typing import Any

import numpy as np

from keras_regnoise._arguments import as_integer, check_choice

Array = np.ndarray[Any, np.dtype[Any]]


def feature_rows(x: Any, axis: int = -1, name: str = "x") -> Array:
    """Return `x` as rows of features: every other axis counts samples.

    Raises:
        ValueError: If there are no samples, or `axis` is not one of several.
    """
    x = np.asarray(x)
    if as_integer(axis) is None or x.ndim < 2 or not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"`{name}` must be an array (samples, ..., features), and `axis` the axis "
            f"of its features. Received: {name} of shape {x.shape}, axis={axis!r}"
        )
    if x.size == 0:
        raise ValueError(
            f"`{name}` must hold at least one value. Received: shape {x.shape}"
        )
    moved = np.moveaxis(x, axis, -1)
    rows: Array = moved.reshape(-1, moved.shape[-1]).astype("float64")
    return rows


def noise_variance(rate: float) -> float:
    """Variance of the factor that noise of this rate multiplies a unit by."""
    return rate / (1.0 - rate)


NOISES = ("dropout", "rotationout")


def check_noise(kind: Any) -> None:
    """Raise a ValueError unless `kind` names a noise with a closed form."""
    check_choice("kind", kind, NOISES)
