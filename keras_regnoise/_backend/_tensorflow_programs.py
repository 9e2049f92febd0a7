"""What XLA compiles, what is traced once for all sizes, and which pays where.

XLA's loops are the fastest, but it compiles for every shape anew, a tenth of a second
or two each: a network of fifty shapes would wait ten seconds for its first step. What
is small is a function of plain operations instead, traced once for all layers and
shapes.
"""

import functools
from typing import Any

import tensorflow as tf

from keras_regnoise._typing import Function, Tensor

_LARGE = 8192  # elements of a sample, from which on XLA's loops make up for compiling


def compiled(function: Function) -> Function:
    """Compile `(x, *tensors, **options)` with XLA, once per shape of `x`."""
    if not tf.test.is_built_with_xla():
        return function

    def run(x: Tensor, *tensors: Tensor, **options: Any) -> Any:
        # XLA compiles again for every new shape: few batch sizes, but many lengths.
        if not _is_static(x):
            return function(x, *tensors, **options)
        given = _as_tensors(x, *tensors)
        specs = tuple(
            t if t is None else tf.TensorSpec(t.shape, t.dtype) for t in given
        )
        return _call(program(specs, tuple(options.items())), given)

    program = _programs(function, jit_compile=True)
    return run


def shared(function: Function) -> Function:
    """Trace `(*tensors, **options)` once for all sizes; sizes of 1 stay known."""

    def run(*tensors: Tensor, **options: Any) -> Any:
        given = _as_tensors(*tensors)
        specs = tuple(t if t is None else _of_any_size(t) for t in given)
        return _call(program(specs, tuple(options.items())), given)

    # Inlined, or called with a constant, such as a size, each call would be optimized
    # by itself, which takes longer than the first step of a layer.
    program = _programs(function, experimental_attributes={"_noinline": True})
    return run


def piece(function: Function) -> Function:
    """Compile `(x, *tensors, **options)` where `x` is large, share it where not."""
    on_large, on_small = compiled(function), shared(function)

    def run(x: Tensor, *tensors: Tensor, **options: Any) -> Any:
        return (on_large if _is_large(x) else on_small)(x, *tensors, **options)

    return run


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
        tangent: Not needed: TensorFlow's forward mode is the gradient of a gradient.
        in_pieces: Whether both consist of pieces, and are not compiled as a whole.
    """
    del tangent
    if not in_pieces:
        forward, backward = compiled(forward), compiled(backward)

    def operation(x: Tensor, *tensors: Tensor, **options: Any) -> Tensor:
        @tf.custom_gradient
        def differentiable(x: Tensor) -> Tensor:
            y, residuals = forward(x, *tensors, **options)
            return y, lambda gradient: backward(gradient, *residuals, **options)

        return differentiable(x)

    return operation


def _as_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Return tensors of what may be arrays, numbers or None."""
    return tuple(None if t is None else tf.convert_to_tensor(t) for t in tensors)


def _programs(function: Function, **how: Any) -> Function:
    """Return what makes a `tf.function` for every signature.

    A single one for all would warn of being traced again and again.
    """

    @functools.cache
    def program(specs: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        # Not a closure: TensorFlow would count the tracings of all by their code.
        traced = functools.partial(_traced, function, specs, options)
        signature = [spec for spec in specs if spec is not None]
        return tf.function(traced, signature, autograph=False, **how)

    return program


def _traced(function: Function, specs: Any, options: Any, *given: Tensor) -> Any:
    tensors = iter(given)
    arguments = (None if spec is None else next(tensors) for spec in specs)
    return function(*arguments, **dict(options))


def _call(program: Function, tensors: tuple[Tensor, ...]) -> Any:
    return program(*(t for t in tensors if t is not None))


def _of_any_size(x: Tensor) -> Any:
    if x.shape.rank is None:
        return tf.TensorSpec(None, x.dtype)
    sizes = [1 if size == 1 else None for size in x.shape]
    return tf.TensorSpec(sizes, x.dtype)


def _is_static(x: Tensor) -> bool:
    return x.shape.rank is not None and x.shape[1:].is_fully_defined()


def _is_large(x: Tensor) -> bool:
    if not _is_static(x):
        return False
    # Of vectors a network has few layers, and few shapes.
    return bool(x.shape.rank == 2 or x.shape[1:].num_elements() >= _LARGE)
