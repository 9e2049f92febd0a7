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
