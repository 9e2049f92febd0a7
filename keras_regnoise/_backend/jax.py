"""JAX: the hashed generator and `jax.jit`, which fuses it."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import keras

from keras_regnoise._backend._jax_linear import linear
from keras_regnoise._backend.gathering import add_turned as add_turned
from keras_regnoise._backend.hashing import bernoulli as bernoulli
from keras_regnoise._backend.hashing import bits
from keras_regnoise._backend.hashing import normal as normal
from keras_regnoise._backend.hashing import once as once
from keras_regnoise._backend.hashing import uniform as uniform
from keras_regnoise._backend.moments import variance as variance
from keras_regnoise._backend.permuting import permutation as permutation_of_many
from keras_regnoise._backend.unseeded import Unseeded as Unseeded
from keras_regnoise._typing import Function, Tensor, TensorLike

_LARGE = 2**17
_FEW = 1024  # more, and too few of 32 bits would be left to draw


def local_seed(seed: Tensor) -> Tensor:
    """Nothing to do: a draw is one global array, of which every device has a part."""
    return seed


def as_tensor(x: TensorLike) -> Tensor:
    """Return a tensor of an array, a variable, a list or a number."""
    return keras.ops.convert_to_tensor(x)


def permutation(size: int, seed: Tensor, stream: int) -> tuple[Tensor, Tensor]:
    """Return a random permutation and its inverse, int32 of shape (size,)."""
    if size > _FEW:
        return permutation_of_many(size, seed, stream)
    # Numbers that carry their place in the low bits: sorted faster than pairs are.
    width = (size - 1).bit_length()
    places, low = jnp.arange(size, dtype="uint32"), jnp.uint32(2**width - 1)
    draws = bits((size,), seed, stream)
    order = jax.lax.sort(draws & ~low | places, is_stable=False) & low
    inverse = jax.lax.sort(order << width | places, is_stable=False) & low
    return order.astype("int32"), inverse.astype("int32")


def renew_programs(variable: keras.Variable) -> None:
    """Have everything that is compiled built anew when it next runs."""
    del variable
    jax.clear_caches()  # type: ignore[no-untyped-call]


def compiled(function: Function) -> Function:
    """Compile `(x, *tensors, **options)`, once per shape of `x`."""

    @functools.cache
    def program(options: tuple[tuple[str, Any], ...]) -> Function:
        jitted: Function = jax.jit(functools.partial(function, **dict(options)))
        return jitted

    return lambda x, *tensors, **options: program(tuple(options.items()))(x, *tensors)


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
    """Make one differentiable operation of a forward and a backward function.

    Args:
        forward: `(x, *tensors, **options) -> (y, residuals)`; only `x` gets a gradient.
        backward: `(gradient, *residuals, **options) -> gradient of x`.
        tangent: `(tangent of x, *residuals, **options) -> tangent of y`, of which
            `backward` is the adjoint. Defaults to `backward`.
        in_pieces: No matter here.
    """
    del in_pieces

    @functools.cache
    def differentiable(options: tuple[tuple[str, Any], ...]) -> Tensor:
        keywords = dict(options)

        def forwards(residuals: Any, moved: Tensor) -> tuple[Tensor]:
            return ((tangent or backward)(moved, *residuals, **keywords),)

        def backwards(residuals: Any, gradient: Tensor) -> tuple[Tensor]:
            return (backward(gradient, *residuals, **keywords),)

        @jax.custom_jvp
        def function(x: Tensor, tensors: Any) -> Tensor:
            return forward(x, *tensors, **keywords)[0]

        @function.defjvp
        def derivative(primals: Any, tangents: Any) -> tuple[Tensor, Tensor]:
            x, tensors = primals
            y, residuals = forward(x, *tensors, **keywords)
            return y, linear(forwards, backwards, residuals, tangents[0])[0]

        return jax.jit(function)

    def operation(x: Tensor, *tensors: Tensor, **options: Any) -> Tensor:
        return differentiable(tuple(options.items()))(x, tensors)

    return operation


def look_up(table: Tensor, indices: Tensor) -> Tensor:
    """Take from a vector by indices of any shape."""
    return jnp.take(table, indices, mode="clip")


def take(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by a vector of indices."""
    return jnp.take(x, indices, axis=axis, mode="clip")


def take_per_sample(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by `indices` (batch, size), other ones for each sample."""
    count = math.prod(x.shape)
    if x.ndim == 2 and isinstance(count, int) and 0 < count < 2**31:  # faster so
        rows = jnp.arange(x.shape[0], dtype="int32")[:, None]
        return look_up(x.reshape(-1), rows * x.shape[1] + indices)
    shape = [1] * x.ndim
    shape[0], shape[axis] = indices.shape
    indices = indices.reshape(shape)
    return jnp.take_along_axis(x, indices, axis=axis, mode="promise_in_bounds")


def leading_rows(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return `x` and a copy of its first `count` rows.

    The gradient of the copy is added to the first rows of the gradient of `x`, where a
    slice would add a tensor of the size of `x` that is mostly zeros.
    """
    whole, rows = linear(*_split(count), (), x)
    return whole, rows


@functools.cache
def _split(count: int) -> tuple[Function, Function]:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x[:count]

    def adjoint(_: Any, whole: Tensor, rows: Tensor) -> tuple[Tensor]:
        return (whole.at[:count].add(rows),)

    return forward, adjoint


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    """Sum `x` (..., features) over all but its last axis, in the dtype of `weights`.

    Args:
        x: Array.
        weights: Array that broadcasts against `x`, of size 1 on the last axis.
    """
    x = x.astype(weights.dtype)
    # The size is a symbol where a shape is inferred.
    if x.ndim < 3 or not isinstance(x.size, int) or x.size < _LARGE:
        return jnp.sum(x * weights, axis=tuple(range(x.ndim - 1)))
    return jnp.sum(weighted_sums(x, weights), axis=0)


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """Sum each sample of `x` (batch, ..., features), in the dtype of `weights`."""
    x = x.astype(weights.dtype)
    # A product per sample: several times faster than XLA's reduction on a CPU, but
    # compiled in five times as long.
    weights = jnp.broadcast_to(weights, (*x.shape[:-1], 1))
    rows = weights.reshape(x.shape[0], 1, math.prod(x.shape[1:-1]))
    columns = x.reshape(x.shape[0], rows.shape[-1], x.shape[-1])
    return jnp.matmul(rows, columns, precision="highest")[:, 0]


def _identity(_: Any, x: Tensor) -> tuple[Tensor]:
    return (x,)


class Recorder:
    """Mean of a value computed inside the training steps of `model`.

    `has_gradient` is true once a step has taken a gradient of what `update` returned.

    By a host callback: a variable that is not part of the model's state cannot leave
    a compiled step.
    """

    def __init__(self, model: keras.Model) -> None:
        del model
        self.has_gradient = False
        self.reset()

    def update(self, value: Tensor) -> Tensor:
        """Record a value; return it, to be added to the loss."""
        jax.debug.callback(self._add, jax.lax.stop_gradient(value))

        return linear(_identity, self._notice, (), value)[0]

    def _notice(self, _: Any, gradient: Tensor) -> tuple[Tensor]:
        self.has_gradient = True  # only traced where it is needed
        return (gradient,)

    def _add(self, value: Tensor) -> None:
        self._total += float(value)
        self._count += 1

    def result(self) -> float:
        jax.effects_barrier()  # type: ignore[no-untyped-call]
        return self._total / max(self._count, 1)

    def reset(self) -> None:
        self._total, self._count = 0.0, 0
