import math
from typing import Any

import numpy as np

from keras_regnoise._arguments import check_rate
from keras_regnoise.analysis._arrays import Array


def drop_activation_shift_ratio(rate: float) -> float:
    """Variance after DropActivation and a weight layer, at inference over training.

    Holds for every fixed weight vector, if the inputs of the ReLUs are independent and
    standard normal. Correlated or shifted inputs can go below the minimum of 0.8126,
    which is at `rate=0.3686`.

    Args:
        rate: Probability in [0, 1) that an activation is dropped.

    Returns:
        The ratio, a float in (0, 1].

    Raises:
        ValueError: If `rate` is out of range.

    Reference:
        Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization,
        Property 5.2 (equation 15), whose `p` is `1 - rate`.

    Differences from the paper: it gives the range as [0.8, 1].

    Example:

    >>> round(drop_activation_shift_ratio(0.05), 6)
    0.937723
    """
    keep = 1.0 - check_rate(rate)
    inference = (0.5 - 0.5 / math.pi) * keep**2 - keep + 1.0
    return inference / (1.0 - keep / 2.0 - keep**2 / (2.0 * math.pi))


def drop_activation_penalty(preactivations: Any, kernel: Any, rate: float) -> Array:
    """Penalty that DropActivation adds to the squared error of a network.

    For a network with one hidden layer of ReLUs, the expected squared error in
    training is the squared error at inference plus this.

    Args:
        preactivations: Inputs `v` of the activations, `(samples, units)` or `(units,)`.
        kernel: Weights `W` of the layer behind, `(units, outputs)` as in
            `keras.layers.Dense`.
        rate: Probability in [0, 1) that an activation is dropped.

    Returns:
        Per sample `rate * (1 - rate) * sum_j |W_j|^2 * min(v_j, 0)^2`, where `W_j` are
        the weights that leave unit `j`; shape `(samples,)` or `()`.

    Raises:
        ValueError: If the shapes do not fit, or `rate` is out of range.

    Reference:
        Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization,
        Property 5.1 (equations 10 and 11), whose `p` is `1 - rate`.

    Differences from the paper: its penalty, `printed_drop_activation_penalty`, has
    products of different inactive units, which independent drops do not have.

    Example: two inactive units whose weights cancel. The output is one of 0, 1 and -1
    at random, so its expected squared error is above the one at inference, which is 0;
    the printed penalty says that it is not.

    >>> v, kernel = [-1.0, -1.0], [[1.0], [-1.0]]
    >>> float(drop_activation_penalty(v, kernel, rate=0.5))
    0.5
    >>> float(printed_drop_activation_penalty(v, kernel, rate=0.5))
    0.0
    """
    v, kernel, rate = _checked(preactivations, kernel, rate)
    inactive = np.minimum(v, 0.0) ** 2
    penalty: Array = rate * (1.0 - rate) * inactive @ (kernel**2).sum(axis=1)
    return penalty


def printed_drop_activation_penalty(
    preactivations: Any, kernel: Any, rate: float
) -> Array:
    """Penalty of DropActivation as the paper prints it, which is not exact.

    Equal to `drop_activation_penalty` if the weights that leave the inactive units are
    orthogonal, or at most one unit is inactive; and on average over independent
    weights of zero mean.

    Args:
        preactivations: See `drop_activation_penalty`.
        kernel: See `drop_activation_penalty`.
        rate: See `drop_activation_penalty`.

    Returns:
        Per sample `rate / (1 - rate) * |W^T v - W^T r(v)|^2`, with `r` the activation
        at inference.

    Raises:
        ValueError: If the shapes do not fit, or `rate` is out of range.

    Reference:
        Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization,
        equation 11.

    Example:

    >>> v = [-1.0, -1.0]
    >>> float(printed_drop_activation_penalty(v, [[1.0, 0.0], [0.0, 1.0]], rate=0.5))
    0.5
    >>> float(drop_activation_penalty(v, [[1.0, 0.0], [0.0, 1.0]], rate=0.5))
    0.5
    """
    v, kernel, rate = _checked(preactivations, kernel, rate)
    shallow_less_deep = (1.0 - rate) * np.minimum(v, 0.0) @ kernel
    penalty: Array = (shallow_less_deep**2).sum(axis=-1)
    return rate / (1.0 - rate) * penalty


def _checked(v: Any, kernel: Any, rate: Any) -> tuple[Array, Array, float]:
    v, kernel = np.asarray(v, "float64"), np.asarray(kernel, "float64")
    if v.ndim not in (1, 2) or kernel.ndim != 2 or v.shape[-1] != kernel.shape[0]:
        raise ValueError(
            "`preactivations` must be of shape (samples, units) or (units,), and "
            "`kernel` of shape (units, outputs), as in keras.layers.Dense. Received: "
            f"shapes {v.shape} and {kernel.shape}"
        )
    return v, kernel, check_rate(rate)
