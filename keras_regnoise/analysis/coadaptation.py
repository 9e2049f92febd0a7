from typing import Any

import numpy as np

from keras_regnoise._arguments import check_integer, check_rate
from keras_regnoise.analysis._arrays import Array, check_noise, noise_variance
from keras_regnoise.analysis._moments import Covariance


def coadaptation(x: Any, axis: int = -1) -> float:
    """Measure how much units vary together: 0 if they are uncorrelated.

    The sum of the absolute covariances of different units over the sum of their
    variances. For `D` units it is at most `D - 1`, so compare layers of one width.

    Args:
        x: Activations `(samples, ..., features)`; every axis but `axis` counts samples.
        axis: The feature axis. Defaults to the last.

    Returns:
        A float of 0 or more; 0 too if no unit varies.

    Raises:
        ValueError: If `x` has no feature axis or is empty.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 12.

    Differences from the paper: none; its norm is that of the entries.

    Example:

    >>> coadaptation([[1.0, 1.0], [-1.0, -1.0]])
    1.0
    """
    moments = Covariance()
    moments.update(x, axis)
    return covariance_coadaptation(moments.covariance)


def covariance_coadaptation(covariance: Any) -> float:
    """Measure the co-adaptation of units from their covariance matrix.

    Args:
        covariance: Matrix `(features, features)`, in any unit.

    Returns:
        A float of 0 or more, see `coadaptation`.

    Raises:
        ValueError: If `covariance` is not square.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 12.

    Example:

    >>> covariance_coadaptation([[1.0, -0.5], [-0.5, 1.0]])
    0.5
    """
    matrix = square("covariance", covariance)
    variances = np.trace(matrix)
    if variances <= 0.0:
        return 0.0
    return float(np.abs(matrix - np.diag(np.diag(matrix))).sum() / variances)


def predicted_coadaptation(kind: str, rate: float, dim: int) -> float:
    """Predict the factor by which noise multiplies the co-adaptation of its input.

    Exact for every input of zero mean, so for noise about the mean: RotationOut as it
    stands, and Dropout if it is centred.

    Args:
        kind: `"dropout"` or `"rotationout"`.
        rate: Drop probability in [0, 1).
        dim: Number of features `D`, 2 or more.

    Returns:
        For Dropout the keep rate `p = 1 - rate`, for RotationOut
        `|p - (1 - p) / (D - 1)|`.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 15.

    Differences from the paper: it prints the second form without the absolute value,
    and so a negative co-adaptation for `p < 1 / D`.

    Example:

    >>> round(predicted_coadaptation("rotationout", rate=0.3, dim=12), 6)
    0.672727
    """
    check_noise(kind)
    keep = 1.0 - check_rate(rate)
    dim = check_integer("dim", dim, minimum=2)
    if kind == "dropout":
        return keep
    return keep * abs(1.0 - noise_variance(1.0 - keep) / (dim - 1))


def square(name: str, values: Any) -> Array:
    """Return a square matrix, or raise a ValueError if it is not one."""
    matrix: Array = np.asarray(values, "float64")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"`{name}` must be a square matrix (features, features). "
            f"Received: {name} of shape {matrix.shape}"
        )
    return matrix
