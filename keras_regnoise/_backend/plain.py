"""Any other backend (NumPy, OpenVINO): `keras.ops` alone, and no gradients."""

from typing import NoReturn

import keras
from keras import ops

from keras_regnoise._backend.gathering import add_turned as add_turned
from keras_regnoise._backend.gathering import take_per_sample as take_per_sample
from keras_regnoise._backend.hashing import bernoulli as bernoulli
from keras_regnoise._backend.hashing import normal as normal
from keras_regnoise._backend.hashing import once as once
from keras_regnoise._backend.hashing import uniform as uniform
from keras_regnoise._backend.moments import variance as variance
from keras_regnoise._backend.permuting import permutation as permutation
from keras_regnoise._backend.unseeded import Unseeded as Unseeded
from keras_regnoise._typing import Function, Tensor, TensorLike


def local_seed(seed: Tensor) -> Tensor:
    """Nothing to do: one replica."""
    return seed


def as_tensor(x: TensorLike) -> Tensor:
    """Return a tensor of an array, a variable, a list or a number."""
    return ops.convert_to_tensor(x)


def renew_programs(variable: keras.Variable) -> None:
    """Nothing to do: these backends do not compile."""


def compiled(function: Function) -> Function:
    """Nothing to do."""
    return function


def shared(function: Function) -> Function:
    """Nothing to do: tracing is cheap here."""
    return function


def piece(function: Function) -> Function:
    """Nothing to do: it is part of what is compiled."""
    return function


def kernel(
    forward: Function,
    backward: Function,
    tangent: Function | None = None,
    *,
    in_pieces: bool = False,
) -> Function:
    """Make an operation of a forward function; these backends do not train."""
    del backward, tangent, in_pieces
    return lambda x, *tensors, **options: forward(x, *tensors, **options)[0]


def look_up(table: Tensor, indices: Tensor) -> Tensor:
    """Take from a vector by indices of any shape."""
    return ops.take(table, indices)


def take(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by a vector of indices."""
    return ops.take(x, indices, axis=axis)


def leading_rows(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return `x` and its first `count` rows."""
    return x, x[:count]


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    """Sum `x` (..., features) over all but its last axis, in the dtype of `weights`."""
    x = ops.cast(x, weights.dtype) * weights
    return ops.sum(x, axis=tuple(range(len(x.shape) - 1)))


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """Sum each sample of `x` (batch, ..., features), in the dtype of `weights`."""
    x = ops.cast(x, weights.dtype) * weights
    return ops.sum(x, axis=tuple(range(1, len(x.shape) - 1)))


def Recorder(model: keras.Model) -> NoReturn:  # noqa: N802
    """Refuse: these backends do not train."""
    raise NotImplementedError
