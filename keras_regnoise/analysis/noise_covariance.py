from typing import Any

import numpy as np

from keras_regnoise._arguments import check_rate
from keras_regnoise.analysis._arrays import Array, check_noise, noise_variance


def noise_covariance(kind: str, rate: float, x: Any, center: bool = False) -> Array:
    """Covariance of the noise that a layer adds to its input.

    Args:
        kind: `"dropout"` (Gaussian dropout has the same) or `"rotationout"`.
        rate: Drop probability in [0, 1).
        x: One feature vector `(features,)`, or samples `(samples, features)`, whose
            covariances are averaged.
        center: Whether the noise is about the mean of the samples, as in RotationOut
            by default, or about the origin. Defaults to False.

    Returns:
        Matrix `(features, features)`, float64: `s * diag(x x^T)` for Dropout and
        `s / (D - 1) * (x^T x I - x x^T)` for RotationOut, with
        `s = rate / (1 - rate)`. The covariance of the output is that of the input
        plus this.

    Raises:
        ValueError: If an argument is out of range, or one vector is to be centred.

    Reference:
        RotationOut as a Regularization Method for Neural Network, Lemma 1 and
        equation 14.

    Differences from the paper: its text calls `p` the drop rate before the lemma,
    which needs the keep rate. One feature alone gets no noise from RotationOut.

    Example:

    >>> noise_covariance("rotationout", 0.5, [1.0, 2.0, 0.0]).tolist()
    [[2.0, -1.0, 0.0], [-1.0, 0.5, 0.0], [0.0, 0.0, 2.5]]
    """
    check_noise(kind)
    strength = noise_variance(check_rate(rate))
    x = np.asarray(x, "float64")
    if x.ndim not in (1, 2) or x.size == 0 or (center and x.ndim == 1):
        raise ValueError(
            "`x` must be samples (samples, features), or one vector (features,) that "
            f"is not centred. Received: x of shape {x.shape}, center={center}"
        )
    if center:
        x = x - x.mean(axis=0)
    rows = np.atleast_2d(x)
    second = rows.T @ rows / len(rows)
    dim = len(second)
    if kind == "dropout":
        return strength * np.diag(np.diag(second))
    noise: Array = np.trace(second) * np.eye(dim) - second
    return strength / max(dim - 1, 1) * noise
