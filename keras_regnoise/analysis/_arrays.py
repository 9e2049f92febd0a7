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


class Range:
    """Smallest and largest value of each feature, over a stream of batches.

    Whether a feature varies is asked of its values: the mean of equal ones may be off
    by a bit, and their variance not 0.
    """

    def __init__(self, *batches: Array) -> None:
        self._low: Any = np.inf
        self._high: Any = -np.inf
        for rows in batches:
            self.update(rows)

    def update(self, rows: Array) -> None:
        """Add samples `(samples, features)`."""
        self._low = np.minimum(self._low, rows.min(axis=0))
        self._high = np.maximum(self._high, rows.max(axis=0))

    @property
    def is_constant(self) -> Array:
        """For each feature, whether it has one value; not if that is NaN."""
        return np.asarray(self._low == self._high)


def noise_variance(rate: float) -> float:
    """Variance of the factor that noise of this rate multiplies a unit by."""
    return rate / (1.0 - rate)


NOISES = ("dropout", "rotationout")


def check_noise(kind: Any) -> None:
    """Raise a ValueError unless `kind` names a noise with a closed form."""
    check_choice("kind", kind, NOISES)
