from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Tensor
from keras_regnoise.ops._precision import widened


def drop(x: Tensor, is_dropped: Tensor, scale: Tensor) -> Tensor:
    """Set `x` to zero where `is_dropped` says so and multiply the rest by `scale`.

    Args:
        x: Float tensor of any rank.
        is_dropped: Boolean tensor that broadcasts with `x`.
        scale: Scalar.

    Returns:
        A tensor of the dtype of `x` and the shape of both. As a function of `x` its
        derivative is itself.
    """
    # Widened: half precision would round the scale, the same way for every unit.
    wide = widened(x)
    scaled = ops.cast(wide * ops.cast(scale, wide.dtype), x.dtype)
    return ops.where(is_dropped, ops.zeros((), x.dtype), scaled)


def kept_scale(rate: Tensor) -> Tensor:
    """Factor of what is kept, so that the expectation stays."""
    return 1.0 / (1.0 - rate)


def _forward(
    x: Tensor, seed: Tensor, rate: Tensor, *, per_sample: bool = False
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    shape = ops.shape(x)
    if per_sample:
        shape = (shape[0], *[1] * (x.ndim - 1))
    residuals = (_backend.bernoulli(shape, rate, seed), kept_scale(rate))
    return drop(x, *residuals), residuals


def _backward(gradient: Tensor, is_dropped: Tensor, scale: Tensor, **_: bool) -> Tensor:
    return drop(gradient, is_dropped, scale)


dropout = _backend.kernel(_forward, _backward)
"""`(x, seed, rate, per_sample=False)`: Dropout of elements, or of whole samples."""
