from typing import Any

from keras_regnoise.analysis._arrays import Array
from keras_regnoise.analysis._moments import FourthMoments


def kurtosis(x: Any, axis: int = -1) -> Array:
    """Fourth central moment of each unit over the square of its variance.

    3 for a Gaussian, 1 (the minimum) for a unit with two equally likely values,
    large for one with rare outliers. The Variance Constancy Loss prefers units of
    small kurtosis.

    Args:
        x: Activations `(samples, ..., features)`; every axis but `axis` counts samples.
        axis: The feature axis. Defaults to the last.

    Returns:
        Array `(features,)`, float64; NaN for a unit that does not vary.

    Raises:
        ValueError: If `x` has no feature axis or is empty.

    Reference:
        Regularizing by the Variance of the Activations' Sample-Variances, Theorem 1.

    Example:

    >>> kurtosis([[0.0, 1.0], [1.0, 2.0], [0.0, 3.0], [1.0, 6.0]]).round(3).tolist()
    [1.0, 2.0]
    """
    moments = FourthMoments()
    moments.update(x, axis)
    return moments.kurtosis
