import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_choice, check_rate
from keras_regnoise._seeds import Stream, draw_seed

ANGLES = ("gaussian", "uniform", "truncated_gaussian")
_TRUNCATION = 2.0  # standard deviations


def sample_tangents(
    shape: Any, rate: Any, angles: str, seed: Any, one_sided: bool = False
) -> Any:
    """Draw tangents of random angles with mean square `rate / (1 - rate)`.

    Args:
        shape: Shape of the draw.
        rate: Noise rate in [0, 1), as the drop probability of `keras.layers.Dropout`
            with the same noise variance. A float or a scalar tensor, which is not
            checked.
        angles: Distribution of the tangent `t`, with `sigma^2 = rate / (1 - rate)`:
            `"gaussian"`: `t ~ N(0, sigma^2)`;
            `"uniform"`: `t = tan(theta)`, `theta ~ U(-T, T)`, `(tan T - T) / T =
            sigma^2`;
            `"truncated_gaussian"`: `t = tan(theta)`, `theta ~ N(0, s^2)` cut at two
            standard deviations, `s` such that the mean square is `sigma^2`.
        seed: Integer, `keras.random.SeedGenerator`, tensor of two integers, or None.
        one_sided: Whether to return absolute values. Defaults to False.

    Returns:
        A float32 tensor of shape `shape`.

    Raises:
        ValueError: If `rate` is a number outside [0, 1), or `angles` is none of these.

    Reference:
        RotationOut as a Regularization Method for Neural Network, sections 2.1 and
        3.1. The paper gives the scale of the Gaussian only; the other two are
        calibrated to the same mean square, on which alone Lemma 1 depends.

    Example:

    >>> t = sample_tangents((100_000,), rate=0.2, angles="uniform", seed=1)
    >>> round(float(keras.ops.mean(t * t)), 2)  # 0.2 / 0.8
    0.25
    """
    check_choice("angles", angles, ANGLES)
    if not hasattr(rate, "dtype") or isinstance(rate, np.generic | np.ndarray):
        rate = check_rate(rate, instead=", or a scalar tensor")
    seed = draw_seed(seed)
    if angles == "gaussian":
        rate = ops.cast(rate, "float32")
        deviation = (rate / (1.0 - rate)) ** 0.5
        tangent = _backend.normal(shape, seed, Stream.TANGENT) * deviation
    else:
        # Cell centres of (-1, 1), symmetric about 0.
        centred = 2.0 * _backend.uniform(shape, seed, Stream.TANGENT) - (1.0 - 2.0**-24)
        if angles == "uniform":
            tangent = ops.tan(_angle_scale(rate, angles) * centred)
        else:
            normal = ops.erfinv(centred * _ERF) * np.float32(np.sqrt(2.0))
            tangent = ops.tan(_angle_scale(rate, angles) * normal)
    return ops.absolute(tangent) if one_sided else tangent


_ERF = np.float32(0.9544997361036416)  # P(|z| < 2) of a standard normal z
_CELLS = 1024
_NODES = 200


def _angle_scale(rate: Any, angles: str) -> Any:
    """Scale of the angles at `rate`: T of the uniform, s of the Gaussian."""
    # Over the square root of the rate the scale is smooth on all of [0, 1], so that
    # linear interpolation is exact to 2e-7; and a rate that changes can be a tensor.
    table = ops.convert_to_tensor(_scale_table(angles))
    position = ops.sqrt(ops.cast(rate, "float32")) * _CELLS
    cell = ops.clip(ops.floor(position), 0, _CELLS - 1)
    index = ops.cast(cell, "int32")
    low, high = ops.take(table, index), ops.take(table, index + 1)
    return low + (position - cell) * (high - low)


@functools.cache
def _scale_table(angles: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    mean_square: Callable[[Any], Any]
    rate = np.linspace(0.0, 1.0, _CELLS + 1)[1:-1] ** 2
    if angles == "uniform":
        mean_square, limit = _mean_square_uniform, np.pi / 2
    else:
        mean_square, limit = _mean_square_truncated_gaussian(), np.pi / 2 / _TRUNCATION
    scale = _bisect(mean_square, rate / (1.0 - rate), limit)
    return np.concatenate([[0.0], scale, [limit]]).astype("float32")


def _mean_square_uniform(scale: Any) -> Any:
    return np.tan(scale) / scale - 1.0


def _mean_square_truncated_gaussian() -> Callable[[Any], Any]:
    # Symmetric: half of the nodes do. They crowd where the tangent is steepest.
    nodes, weights = (
        half[_NODES:] for half in np.polynomial.legendre.leggauss(2 * _NODES)
    )
    z = _TRUNCATION * nodes
    weights = weights * np.exp(-z * z / 2.0)
    weights /= weights.sum()
    return lambda scale: (np.tan(np.outer(scale, z)) ** 2) @ weights


def _bisect(increasing: Callable[[Any], Any], target: Any, limit: float) -> Any:
    low, high = np.zeros_like(target), np.full_like(target, limit)
    for _ in range(40):
        middle = (low + high) / 2.0
        above = increasing(middle) > target
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2.0
