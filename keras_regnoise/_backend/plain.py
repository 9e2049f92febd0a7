"""Any other backend (NumPy, OpenVINO): `keras.ops` alone, and no gradients."""

from collections.abc import Callable
from typing import Any

from keras import ops

from keras_regnoise._backend.hashing import bernoulli, normal, uniform

__all__ = [
    "Recorder",
    "bernoulli",
    "compiled",
    "kernel",
    "local_seed",
    "normal",
    "take",
    "uniform",
    "weighted_sum",
]


def local_seed(seed: Any) -> Any:
    """Nothing to do: one replica."""
    return seed


def compiled(function: Callable[..., Any]) -> Any:
    """Nothing to do."""
    return function


def kernel(forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """Make an operation of a forward function; these backends do not train."""
    del backward
    return lambda x, *tensors, **options: forward(x, *tensors, **options)[0]


def take(x: Any, indices: Any, axis: int) -> Any:
    """Gather along an axis."""
    return ops.take(x, indices, axis=axis)


def weighted_sum(x: Any, weights: Any) -> Any:
    """Sum `x` (..., features) over all but its last axis, in float32."""
    x = ops.cast(x, "float32") * weights
    return ops.sum(x, axis=tuple(range(len(x.shape) - 1)))


class Recorder:
    """These backends do not train."""

    def __init__(self, model: Any) -> None:
        raise NotImplementedError
