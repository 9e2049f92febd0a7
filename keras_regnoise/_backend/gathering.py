"""What a rotation consists of: taking along an axis, and adding."""

from keras import ops

from keras_regnoise._typing import Tensor


def add_turned(x: Tensor, tangent: Tensor, sign: Tensor, partners: Tensor) -> Tensor:
    """`x + tangent * sign * partners`, of which `partners` is used up."""
    return x + tangent * (sign * partners)


def take_per_sample(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by `indices` (batch, size), other ones for each sample."""
    shape = [1] * x.ndim
    shape[0], shape[axis] = -1, indices.shape[-1]
    return ops.take_along_axis(x, ops.reshape(indices, shape), axis=axis)
