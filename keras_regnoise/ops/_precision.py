import keras
from keras import ops

from keras_regnoise._typing import Tensor


def widened(x: Tensor) -> Tensor:
    """Return `x` in float32, where statistics and factors keep their digits.

    A float64 stays what it is.
    """
    return ops.cast(x, wide_dtype(x))


def wide_dtype(x: Tensor) -> str:
    """Return the dtype of `widened(x)`."""
    is_double = keras.backend.standardize_dtype(x.dtype) == "float64"
    return "float64" if is_double else "float32"


def as_loss(loss: Tensor) -> Tensor:
    """Return a loss in float32, or in the float64 in which Keras then adds losses."""
    is_double = keras.config.floatx() == "float64"
    return ops.cast(loss, "float64" if is_double else "float32")
