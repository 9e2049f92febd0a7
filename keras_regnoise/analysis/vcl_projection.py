import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_regnoise._arguments import check_number
from keras_regnoise.analysis._arrays import Array

_SMALLEST_SEPARATED = (1.0 - 1.0 / math.sqrt(3.0)) / 2.0


@dataclass(frozen=True)
class VCLProjection:
    """The projections of smallest kurtosis for a mixture of two Gaussians.

    Attributes:
        kind: `"separate"` if the projection keeps the two clusters apart, `"merge"` if
            it makes them one.
        basis: Orthonormal columns `(features, 1)` or `(features, features - 1)`: every
            vector that they span is such a projection, and no other.
        kurtosis: Kurtosis of the projected mixture, the minimum.

    Example:

    >>> mu, sigma = [[2.0, 0.0], [-2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> vcl_projection(mu, sigma, p=0.1).kind
    'merge'
    """

    kind: str
    basis: Array
    kurtosis: float


def vcl_projection(mu: Any, sigma: Any, p: float) -> VCLProjection:
    """Find the projection that the Variance Constancy Loss prefers.

    Two clusters of similar weight are driven apart (linear discriminant analysis), a
    small one is merged into the other: the phase shift is where `p (1 - p) = 1 / 6`.

    Args:
        mu: Means `(2, features)` of the clusters, 2 features or more.
        sigma: Covariance `(features, features)` of both, or one for each,
            `(2, features, features)`, if they are equal.
        p: Weight of the first cluster, in (0, 1).

    Returns:
        The projections of smallest kurtosis.

    Raises:
        ValueError: If the covariances differ, for which the theorem does not hold; if
            they are not positive definite, the means are equal, or an argument is out
            of range.

    Reference:
        Regularizing by the Variance of the Activations' Sample-Variances, Theorem 2
        and equation 9.

    Differences from the paper: it states the theorem for two covariances, with the
    second in place of both; it holds if they are equal, and can be far off if not.

    Example:

    >>> mu, sigma = [[2.0, 0.0], [-2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> projection = vcl_projection(mu, sigma, p=0.5)
    >>> projection.kind, abs(projection.basis).round(3).tolist()
    ('separate', [[1.0], [0.0]])
    """
    difference, covariance = _checked(mu, sigma, p)
    product = p * (1.0 - p)
    if _SMALLEST_SEPARATED <= p <= 1.0 - _SMALLEST_SEPARATED:
        direction = np.linalg.solve(covariance, difference)
        distance = float(direction @ difference)
        basis = (direction / np.linalg.norm(direction))[:, None]
        ratio = distance / (1.0 + product * distance)
        kurtosis = 3.0 + product * (1.0 - 6.0 * product) * ratio**2
        return VCLProjection("separate", basis, kurtosis)
    _, _, rotation = np.linalg.svd(difference[None, :])
    return VCLProjection("merge", rotation[1:].T, 3.0)


def _are_close(one: Array, other: Array) -> bool:
    """Whether two matrices are equal, in any unit."""
    return np.allclose(one, other, atol=1e-8 * np.abs(one).max())


def _checked(mu: Any, sigma: Any, p: Any) -> tuple[Array, Array]:
    mu, sigma = np.asarray(mu, "float64"), np.asarray(sigma, "float64")
    dim = mu.shape[-1] if mu.ndim == 2 else 0
    if dim < 2 or len(mu) != 2 or sigma.shape not in ((dim, dim), (2, dim, dim)):
        raise ValueError(
            "`mu` must be of shape (2, features) with 2 features or more, and `sigma` "
            "of shape (features, features) or (2, features, features). "
            f"Received: shapes {mu.shape} and {sigma.shape}"
        )
    check_number("p", p, "the weight of mu[0]", above=0, below=1)
    if sigma.ndim == 3:
        if not _are_close(sigma[0], sigma[1]):
            raise ValueError(
                "Theorem 2 holds for two clusters of equal covariance only. Received "
                "two that differ by up to "
                f"{np.abs(sigma[0] - sigma[1]).max():.3g}. There is no closed form for "
                "them: minimize keras_regnoise.analysis.kurtosis numerically."
            )
        sigma = sigma[0]
    if not _are_close(sigma, sigma.T) or np.linalg.eigvalsh(sigma)[0] <= 0.0:
        raise ValueError(
            "`sigma` must be symmetric and positive definite. Received eigenvalues: "
            f"{np.linalg.eigvalsh(sigma).tolist()}"
        )
    difference = mu[0] - mu[1]
    if not difference.any():
        raise ValueError(f"The means must differ. Received: mu={mu.tolist()}")
    return difference, sigma
