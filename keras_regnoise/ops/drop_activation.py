from collections.abc import Callable

from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Tensor, TensorLike


def drop_activation(
    x: TensorLike, keep_mask: TensorLike, activation: Callable[[Tensor], Tensor]
) -> Tensor:
    """Apply an activation where `keep_mask` says so and the identity elsewhere.

    Args:
        x: Float tensor of any shape.
        keep_mask: Boolean or 0/1 tensor that broadcasts against `x`: 1 where the
            activation is kept, 0 where it is dropped.
        activation: Elementwise function.

    Returns:
        A tensor of the shape and dtype of `x`.

    Reference:
        Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization,
        equation 3.

    Example:

    >>> y = drop_activation([-1.0, -1.0, 2.0], [1, 0, 1], keras.activations.relu)
    >>> keras.ops.convert_to_numpy(y).tolist()
    [0.0, -1.0, 2.0]
    """
    x, keep_mask = _backend.as_tensor(x), _backend.as_tensor(keep_mask)
    return ops.where(ops.cast(keep_mask, "bool"), activation(x), x)
