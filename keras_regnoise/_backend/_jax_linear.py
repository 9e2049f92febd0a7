"""A JAX primitive for linear functions that know their adjoint.

`jax.custom_vjp` has no forward mode, and `jax.custom_derivatives.linear_call`, which
has, no `vmap`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from keras_regnoise._typing import Function, Tensor

_linear: Any = Primitive("regnoise_linear")
_linear.multiple_results = True
_zeros: Any = ad.instantiate_zeros
_ShapeDtypeStruct: Any = jax.ShapeDtypeStruct


def linear(
    forward: Function, adjoint: Function, residuals: Any, *x: Tensor
) -> tuple[Tensor, ...]:
    """Apply a function that is linear in `x`.

    Args:
        forward: `(residuals, *x) -> outputs`, a tuple.
        adjoint: `(residuals, *gradients of the outputs) -> gradients of x`, a tuple.
            Both are to be the same objects each time: what is compiled is kept by them.
        residuals: What else they read, a pytree; it gets no gradient.
        x: Arrays.
    """
    leaves, tree = jax.tree.flatten(residuals)
    outputs = _linear.bind(
        *map(jax.lax.stop_gradient, leaves),
        *x,
        forward=_Flat(forward, tree),
        adjoint=_Flat(adjoint, tree),
        number=len(leaves),
    )
    return tuple(outputs)


@dataclass(frozen=True)
class _Flat:
    """A function of flat residuals."""

    function: Function
    tree: Any

    def __call__(self, *operands: Tensor) -> Sequence[Tensor]:
        count = self.tree.num_leaves
        residuals = jax.tree.unflatten(self.tree, operands[:count])
        return tuple(self.function(residuals, *operands[count:]))


@dataclass(frozen=True)
class _Batched:
    """A function of residuals that have a batch axis, or have none, and of batches."""

    function: Function
    axes: tuple[int | None, ...]  # of the residuals

    def __call__(self, *operands: Tensor) -> Sequence[Tensor]:
        axes = self.axes + (0,) * (len(operands) - len(self.axes))
        outputs: Sequence[Tensor] = jax.vmap(self.function, in_axes=axes)(*operands)
        return outputs


@functools.partial(jax.jit, static_argnames=("forward", "adjoint", "number"))
def _apply(*operands: Tensor, forward: Function, **_: Any) -> Sequence[Tensor]:
    return forward(*operands)  # type: ignore[no-any-return]


@_linear.def_impl
def _evaluate(*operands: Tensor, **parameters: Any) -> Any:
    return _apply(*operands, **parameters)


@_linear.def_abstract_eval
def _shapes(*operands: Any, forward: Function, **_: Any) -> Sequence[Any]:
    shapes = [_ShapeDtypeStruct(a.shape, a.dtype) for a in operands]
    return [
        jax.core.ShapedArray(s.shape, s.dtype) for s in jax.eval_shape(forward, *shapes)
    ]


def _derivative(
    primals: Sequence[Tensor], tangents: Sequence[Any], *, number: int, **functions: Any
) -> tuple[Sequence[Tensor], Sequence[Any]]:
    outputs = _linear.bind(*primals, number=number, **functions)
    moved = [_zeros(t) for t in tangents[number:]]
    residuals = primals[:number]
    return outputs, _linear.bind(*residuals, *moved, number=number, **functions)


def _transpose(
    gradients: Sequence[Any],
    *operands: Any,
    forward: Function,
    adjoint: Function,
    number: int,
) -> Sequence[Tensor | None]:
    gradients = [_zeros(g) for g in gradients]
    found = _linear.bind(
        *operands[:number], *gradients, forward=adjoint, adjoint=forward, number=number
    )
    return [None] * number + list(found)


def _batch(
    operands: Sequence[Tensor],
    axes: Sequence[Any],
    *,
    forward: Function,
    adjoint: Function,
    number: int,
) -> tuple[Sequence[Tensor], Sequence[int]]:
    size = next(
        x.shape[axis]
        for x, axis in zip(operands, axes, strict=True)
        if axis is not None
    )
    # Batches in all places: the gradient of one that is shared is a sum.
    x = [
        jnp.broadcast_to(x, (size, *x.shape))
        if axis is None
        else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(operands[number:], axes[number:], strict=True)
    ]
    fixed = tuple(axes[:number])
    outputs = _linear.bind(
        *operands[:number],
        *x,
        forward=_Batched(forward, fixed),
        adjoint=_Batched(adjoint, fixed),
        number=number,
    )
    return outputs, [0] * len(outputs)


def _lowered(*operands: Tensor, forward: Function, **_: Any) -> Sequence[Tensor]:
    return forward(*operands)  # type: ignore[no-any-return]


ad.primitive_jvps[_linear] = _derivative
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batch
mlir.register_lowering(_linear, mlir.lower_fun(_lowered, multiple_results=True))
