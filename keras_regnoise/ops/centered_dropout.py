from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Tensor, TensorLike
from keras_regnoise.ops._precision import widened
from keras_regnoise.ops.rotate import mean_weights


def centered_dropout(x: TensorLike, mask: TensorLike, axis: int = -1) -> Tensor:
    """Drop the deviations from the mean: `y = (x - c) * mask + c`.

    Args:
        x: Float tensor of any rank.
        mask: Tensor that broadcasts against `x`: 0 where the deviation is dropped,
            `1 / (1 - rate)` where it is kept.
        axis: The feature axis; the centre `c` is the mean over all others, taken in
            float32 at least. Defaults to the last. A single vector is its own mean:
            for that `c` is 0, and this is Dropout.

    Returns:
        A tensor of the shape and dtype of `x`. The gradient flows through the centre.

    Reference:
        RotationOut as a Regularization Method for Neural Network, section 2.4.

    Example:

    >>> y = centered_dropout([[1.0], [3.0]], mask=[[0.0], [2.0]])
    >>> keras.ops.convert_to_numpy(y).tolist()
    [[2.0], [4.0]]
    """
    x, mask = _backend.as_tensor(x), _backend.as_tensor(mask)
    others = [i for i in range(x.ndim) if i != axis % x.ndim]
    weighted = widened(x) * mean_weights(x, None, axis)
    center = ops.cast(ops.sum(weighted, axis=others, keepdims=True), x.dtype)
    return (x - center) * ops.cast(mask, x.dtype) + center
