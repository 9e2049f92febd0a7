"""Arguments as float64 NumPy arrays."""

from typing import Any

import numpy as np

from keras_regnoise._arguments import is_integer, is_number

Array = np.ndarray[Any, np.dtype[Any]]


def feature_rows(x: Any, axis: int = -1, name: str = "x") -> Array:
    """Return `x` as rows of features: every other axis counts samples.

    Raises:
        ValueError: If there are no samples, or `axis` is not one of several.
    """
    x = np.asarray(x)
    if not is_integer(axis) or x.ndim < 2 or not -x.ndim <= axis < x.ndim:
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


def drop_rate(rate: Any) -> float:
    """Return the drop probability `rate`, or raise a ValueError if it is none."""
    if not is_number(rate) or not 0.0 <= rate < 1.0:
        raise ValueError(
            "`rate` must be a float in [0, 1), the drop probability as in "
            f"keras.layers.Dropout (a keep rate p is 1 - p). Received: rate={rate!r}"
        )
    return float(rate)


def noise_variance(rate: float) -> float:
    """Variance of the factor that noise of this rate multiplies a unit by."""
    return rate / (1.0 - rate)


def positive_integer(name: str, value: Any, smallest: int = 1) -> int:
    """Return an integer argument, or raise a ValueError if it is too small or none."""
    if not is_integer(value) or value < smallest:
        raise ValueError(
            f"`{name}` must be an integer of {smallest} or more. "
            f"Received: {name}={value!r}"
        )
    return int(value)


NOISES = ("dropout", "rotationout")


def check_noise(kind: Any) -> None:
    """Raise a ValueError unless `kind` names a noise with a closed form."""
    if kind not in NOISES:
        raise ValueError(
            f"`kind` must be one of {', '.join(map(repr, NOISES))}. "
            f"Received: kind={kind!r}"
        )
