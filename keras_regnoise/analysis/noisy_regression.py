from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_regnoise._arguments import check_rate
from keras_regnoise.analysis._arrays import Array, noise_variance


@dataclass(frozen=True)
class NoisyRegression:
    """Linear regression whose inputs carry noise, solved in closed form.

    Attributes:
        weights: Minimizer of the expected squared error, `(features,)` or
            `(features, targets)`.
        condition_number: Largest over smallest eigenvalue of the matrix that was
            inverted, `X^T X` plus the noise.
        bound: What the condition number cannot exceed, whatever the inputs.

    Example:

    >>> rotationout_regression([[1.0, 0.0], [0.0, 1.0]], [2.0, 4.0], rate=0.5)
    NoisyRegression(weights=array([1., 2.]), condition_number=1.0, bound=1.0)
    """

    weights: Array
    condition_number: float
    bound: float


def rotationout_regression(
    x: Any,
    y: Any,
    rate: float,
) -> NoisyRegression:
    """Solve linear regression with RotationOut (about the origin) on the inputs.

    Minimizes the expected `|y - R(X) w|^2`, which is ridge regression with the penalty
    `s / (D - 1) * w^T (tr(X^T X) I - X^T X) w`, `s = rate / (1 - rate)`.

    Args:
        x: Inputs `(samples, features)` of 2 features or more.
        y: Targets `(samples,)` or `(samples, targets)`.
        rate: Drop probability in [0, 1). 0 is least squares.

    Returns:
        The solution. Its `bound` is `max((D - 1) / s, s / (D - 1))`, which inputs of
        rank one attain.

    Raises:
        ValueError: If the shapes do not fit, `rate` is out of range, or there is more
            than one solution.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equations 5 to 7.

    Differences from the paper: it gives the bound for `s = 1` alone, as `D - 1`.

    Example:

    >>> x = [[1.0, 1.0], [2.0, 2.0]]  # of rank one: least squares has no solution
    >>> rotationout_regression(x, [2.0, 4.0], rate=0.5).weights
    array([1., 1.])
    """
    x, y, strength = _checked(x, y, rate)
    dim = x.shape[1]
    if dim < 2:
        raise ValueError(
            "RotationOut needs 2 features or more, to rotate one into the other. "
            f"Received: x of shape {x.shape}"
        )
    gram = x.T @ x
    noise = (np.trace(gram) * np.eye(dim) - gram) / (dim - 1)
    relative = strength / (dim - 1)
    bound = max(1.0 / relative, relative) if strength else np.inf
    return _solve(gram + strength * noise, x.T @ y, bound)


def dropout_regression(x: Any, y: Any, rate: float) -> NoisyRegression:
    """Solve linear regression with Dropout (about the origin) on the inputs.

    Minimizes the expected squared error, which is ridge regression with the penalty
    `s * w^T diag(X^T X) w`, `s = rate / (1 - rate)`.

    Args:
        x: Inputs `(samples, features)`.
        y: Targets `(samples,)` or `(samples, targets)`.
        rate: Drop probability in [0, 1). 0 is least squares.

    Returns:
        The solution. Its `bound` is infinite: a feature of small variance has a small
        penalty.

    Raises:
        ValueError: If the shapes do not fit, `rate` is out of range, or there is more
            than one solution.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 6.

    Example:

    >>> dropout_regression([[1.0, 0.0], [0.0, 0.1]], [2.0, 4.0], rate=0.5).weights
    array([ 1., 20.])
    """
    x, y, strength = _checked(x, y, rate)
    gram = x.T @ x
    return _solve(gram + strength * np.diag(np.diag(gram)), x.T @ y, np.inf)


def _checked(x: Any, y: Any, rate: Any) -> tuple[Array, Array, float]:
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    if x.ndim != 2 or y.ndim not in (1, 2) or len(x) != len(y):
        raise ValueError(
            "`x` must be of shape (samples, features) and `y` of shape (samples,) or "
            f"(samples, targets). Received: shapes {x.shape} and {y.shape}"
        )
    return x, y, noise_variance(check_rate(rate))


def _solve(matrix: Array, target: Array, bound: float) -> NoisyRegression:
    eigenvalues = np.linalg.eigvalsh(matrix)
    smallest, largest = eigenvalues[0], eigenvalues[-1]
    if smallest <= largest * len(matrix) * np.finfo("float64").eps:
        raise ValueError(
            "More than one weight vector minimizes the expected error: the inputs span "
            "fewer dimensions than there are features, and this noise does not fill "
            f"the others. Received: eigenvalues from {smallest:.3g} to {largest:.3g}, "
            "with the noise. Leave out constant features, or use RotationOut with a "
            "rate above 0."
        )
    weights = np.linalg.solve(matrix, target)
    return NoisyRegression(weights, float(largest / smallest), float(bound))
