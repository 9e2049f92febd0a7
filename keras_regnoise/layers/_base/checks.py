"""What layers check of their arguments and of their inputs."""

import keras

from keras_regnoise._arguments import check_choice, check_integer
from keras_regnoise._typing import Shape, Tensor
from keras_regnoise._warn import warn


def check_data_format(data_format: str | None) -> tuple[str, int]:
    """Return the data format, Keras's for None, and its feature axis."""
    data_format = data_format or keras.config.image_data_format()
    check_choice("data_format", data_format, ("channels_last", "channels_first"))
    return data_format, -1 if data_format == "channels_last" else 1


def check_positions(layer: keras.Layer, input_shape: Shape, instead: str) -> None:
    """Raise `ValueError` for inputs without positions; `instead` is for vectors."""
    if len(input_shape) not in (3, 4, 5):
        raise ValueError(
            f"{type(layer).__name__} layer '{layer.name}' needs positions: an input "
            f"of rank 3 (sequences), 4 (images) or 5 (volumes). Received: "
            f"input_shape={tuple(input_shape)}. For vectors of shape (batch, features) "
            f"use {instead}."
        )


def check_float(layer: keras.Layer, inputs: Tensor) -> None:
    """Raise `ValueError` for anything but floating-point inputs."""
    dtype = keras.backend.standardize_dtype(inputs.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(
            f"{type(layer).__name__} layer '{layer.name}' works on real values and "
            f"needs a floating-point input. Received: dtype={dtype}. Convert the input "
            f"first, for example with keras.ops.cast(x, 'float32') or a "
            f"keras.layers.Rescaling layer."
        )


def warn_of_one_vector(layer: keras.Layer, inputs: Tensor, instead: str) -> None:
    """Warn once per layer where a batch is known to be one vector, its own mean."""
    sizes = list(inputs.shape)
    del sizes[layer.axis]
    if any(size != 1 for size in sizes) or getattr(layer, "_has_warned", False):
        return
    layer._has_warned = True
    warn(
        f"{type(layer).__name__} layer '{layer.name}' got a batch of one vector, which "
        f"is its own mean: its noise is about the origin, {instead}. Batches of two "
        f"or more, such as with drop_remainder=True, are centred on their mean."
    )


def check_axis(axis: object) -> int:
    """Return the feature axis, or raise `ValueError` if it is no integer."""
    meaning = "the feature axis: -1 for the last, 1 for channels first"
    return check_integer("axis", axis, meaning)


def feature_size(layer: keras.Layer, input_shape: Shape, axis: int) -> int:
    """Return the size of the feature axis, or raise `ValueError` where it has none."""
    rank = len(input_shape)
    kind = f"{type(layer).__name__} layer '{layer.name}'"
    if rank < 2 or not -rank <= axis < rank or axis % rank == 0:
        raise ValueError(
            f"{kind} needs an input of shape (batch, ..., features) and the feature "
            f"axis, which is not the batch axis. Received: "
            f"input_shape={tuple(input_shape)}, axis={axis}"
        )
    size = input_shape[axis]
    if size is None:
        raise ValueError(
            f"{kind} pairs features and must know how many there are: the size of axis "
            f"{axis} is None. Received: input_shape={tuple(input_shape)}. Set it in "
            f"keras.Input, or with keras.layers.Reshape before this layer."
        )
    return int(size)


def check_mask(x: Tensor, mask: Tensor | None, axis: int) -> None:
    """Raise `ValueError` if a mask reaches the feature axis."""
    if mask is None or mask.ndim <= axis % x.ndim:
        return
    raise ValueError(
        f"The mask must be of the axes before the feature axis {axis}, such as "
        f"(batch, time). Received: a mask of shape {tuple(mask.shape)} for an "
        f"input of shape {tuple(x.shape)}. Put the features last, or take the mask "
        f"off with a layer that does not pass it on."
    )
