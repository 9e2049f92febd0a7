"""Any other backend (NumPy, OpenVINO): `keras.ops` alone, and no gradients."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_regnoise._backend.hashing import bernoulli as bernoulli
from keras_regnoise._backend.hashing import normal as normal
from keras_regnoise._backend.hashing import uniform as uniform
from keras_regnoise._backend.moments import variance as variance


def local_seed(seed: Any) -> Any:
    """Nothing to do: one replica."""
    return seed


def renew_programs(variable: keras.Variable) -> None:
    """Nothing to do: these backends do not compile."""


def compiled(function: Callable[..., Any]) -> Any:
    """Nothing to do."""
    return function


def kernel(forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """Make an operation of a forward function; these backends do not train."""
    del backward
    return lambda x, *tensors, **options: forward(x, *tensors, **options)[0]


def rotate(x: Any, partner: Any, sign: Any, tangent: Any, shift: Any, axis: int) -> Any:
    """`x + tangent * (sign * (x[partner] - shift))`, the pairs along `axis`."""
    noise = ops.take(x, partner, axis=axis)
    noise = noise if shift is None else noise - shift
    return x + tangent * (sign * noise)


def leading_rows(x: Any, count: int) -> tuple[Any, Any]:
    """Return `x` and its first `count` rows."""
    return x, x[:count]


def weighted_sum(x: Any, weights: Any) -> Any:
    """Sum `x` (..., features) over all but its last axis, in float32."""
    x = ops.cast(x, "float32") * weights
    return ops.sum(x, axis=tuple(range(len(x.shape) - 1)))


class Recorder:
    """These backends do not train."""

    def __init__(self, model: Any) -> None:
        raise NotImplementedError
