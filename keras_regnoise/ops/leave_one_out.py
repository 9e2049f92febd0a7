from typing import NamedTuple

from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Tensor, TensorLike
from keras_regnoise.ops._precision import widened


class Moments(NamedTuple):
    """Moments of a batch, and of the batch without each of its samples."""

    count: Tensor
    mean: Tensor
    variance: Tensor
    total_count: Tensor
    total_mean: Tensor
    total_variance: Tensor


def leave_one_out_moments(
    x: TensorLike, mask: TensorLike | None = None, axis: int = -1
) -> Moments:
    """Count, mean and variance of each feature over all other samples of the batch.

    Args:
        x: Float tensor `(batch, ...)` of rank 2 or more.
        mask: Tensor of the rank of `x` that broadcasts against it, of size 1 on
            `axis`: 0 where a position does not count. None: all count.
        axis: The feature axis. Defaults to the last.

    Returns:
        Tensors of float32, of float64 where `x` is. `count`, `mean` and `variance` have
        the batch and the feature axis (all other sizes are 1) and are over the other
        samples, `total_count`, `total_mean` and `total_variance` over all samples. The
        variances are the mean squared deviation (divided by the count), 0 where
        nothing counts.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 29. There
        the sums over the other samples are divided by the batch size as printed; by
        their number here, as in its equation 27.

    Example:

    >>> moments = leave_one_out_moments(keras.ops.array([[0.0], [2.0], [4.0]]))
    >>> keras.ops.convert_to_numpy(moments.mean[:, 0]).tolist()
    [3.0, 2.0, 1.0]
    """
    x = widened(_backend.as_tensor(x))
    valid = ops.ones((1,) * x.ndim, x.dtype)
    if mask is not None:
        valid = ops.cast(_backend.as_tensor(mask), x.dtype)
    positions = [i for i in range(1, x.ndim) if i != axis % x.ndim]
    sizes = list(ops.shape(x))
    sizes[axis] = 1
    counts = ops.sum(ops.broadcast_to(valid, sizes), axis=positions, keepdims=True)
    total = ops.sum(counts, axis=0, keepdims=True)
    x = ops.where(valid > 0, x, 0.0)  # padding may be NaN
    center = ops.sum(x, axis=[0, *positions], keepdims=True) / ops.maximum(total, 1.0)
    # Nothing depends on the shift but rounding, so the gradient need not know it.
    shift = ops.stop_gradient(center)
    deviation = ops.where(valid > 0, x - shift, 0.0)
    sums = ops.sum(deviation, axis=positions, keepdims=True)
    squares = ops.sum(ops.square(deviation), axis=positions, keepdims=True)

    count, first, second = (_without_own(z) for z in (counts, sums, squares))
    first, second = (z / ops.maximum(count, 1.0) for z in (first, second))
    variance = second - ops.square(first)
    variance = ops.where(variance > 0.0, variance, 0.0)
    total_variance = ops.sum(squares, axis=0, keepdims=True) / ops.maximum(total, 1.0)
    return Moments(count, first + shift, variance, total, center, total_variance)


def _without_own(z: Tensor) -> Tensor:
    """Sum over the first axis of all entries but one's own.

    From both sides: the difference to the total would cancel where one's own is large.
    """
    return _before(z) + ops.flip(_before(ops.flip(z, axis=0)), axis=0)


def _before(z: Tensor) -> Tensor:
    sums = ops.cast(ops.cumsum(z, axis=0), z.dtype)  # float64 is float32 on torch
    return ops.concatenate([ops.zeros_like(z[:1]), sums[:-1]], axis=0)
