from typing import Any

import numpy as np

from keras_regnoise.analysis._arrays import Array, Range, feature_rows


def correlation(x: Any, axis: int = -1) -> Array:
    """Correlate every unit with every other.

    Args:
        x: Activations `(samples, ..., features)`; every axis but `axis` counts samples.
        axis: The feature axis. Defaults to the last.

    Returns:
        Matrix `(features, features)` of correlation coefficients, float64. A unit that
        does not vary, such as a dead ReLU, has the coefficient 0 with every other.

    Raises:
        ValueError: If `x` has no feature axis or is empty.

    Reference:
        Rethinking the Usage of Batch Normalization and Dropout in the Training of Deep
        Neural Networks, section 3.2: noise of rate `r` on units of zero mean multiplies
        the coefficients by `1 - r`.

    Example:

    >>> correlation([[1.0, 2.0, 3.0], [-1.0, 2.0, -3.0]]).round(6).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    rows = feature_rows(x, axis)
    rows = np.where(Range(rows).is_constant, 0.0, rows - rows.mean(axis=0))
    # By the largest deviation first: squares of small numbers are zero too soon.
    largest = np.abs(rows).max(axis=0)
    rows = rows / np.where(largest > 0.0, largest, 1.0)
    norms = np.sqrt((rows**2).sum(axis=0))
    rows = rows / np.where(norms > 0.0, norms, 1.0)
    matrix: Array = np.clip(rows.T @ rows, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix
