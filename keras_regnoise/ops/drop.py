from typing import Any

from keras import ops


def drop(x: Any, is_dropped: Any, scale: Any) -> Any:
    """Set `x` to zero where `is_dropped` says so and multiply the rest by `scale`.

    Args:
        x: Float tensor of any rank.
        is_dropped: Boolean tensor that broadcasts with `x`.
        scale: float32 scalar.

    Returns:
        A tensor of the dtype of `x` and the shape of both. As a function of `x` its
        derivative is itself.
    """
    # In float32: half precision would round the scale, the same way for every unit.
    scaled = ops.cast(ops.cast(x, "float32") * scale, x.dtype)
    return ops.where(is_dropped, ops.zeros((), x.dtype), scaled)


def kept_scale(rate: Any) -> Any:
    """Factor of what is kept, so that the expectation stays."""
    return 1.0 / (1.0 - rate)
