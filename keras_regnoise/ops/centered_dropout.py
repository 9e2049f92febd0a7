from typing import Any

from keras import ops


def centered_dropout(x: Any, mask: Any, axis: int = -1) -> Any:
    """Drop the deviations from the mean: `y = (x - c) * mask + c`.

    Args:
        x: Float tensor of any rank.
        mask: Tensor that broadcasts against `x`: 0 where the deviation is dropped,
            `1 / (1 - rate)` where it is kept.
        axis: The feature axis; the centre `c` is the mean over all others, taken in
            float32. Defaults to the last.

    Returns:
        A tensor of the shape and dtype of `x`. The gradient flows through the centre.

    Reference:
        RotationOut as a Regularization Method for Neural Network, section 2.4.

    Example:

    >>> y = centered_dropout([[1.0], [3.0]], mask=[[0.0], [2.0]])
    >>> keras.ops.convert_to_numpy(y).tolist()
    [[2.0], [4.0]]
    """
    x = ops.convert_to_tensor(x)
    others = [i for i in range(x.ndim) if i != axis % x.ndim]
    center = ops.mean(ops.cast(x, "float32"), axis=others, keepdims=True)
    center = ops.cast(center, x.dtype)
    return (x - center) * ops.cast(mask, x.dtype) + center
