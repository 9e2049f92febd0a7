"""Which layers have weights, which are activations, which add noise.

One answer each. The layers of this package say themselves what they are:
`@Noise.register` above their class.
"""

from abc import ABCMeta
from collections.abc import Iterable
from typing import Any

import keras

from keras_regnoise._keras.sublayers import every_layer, with_every_layer


class Noise(metaclass=ABCMeta):  # noqa: B024
    """The classes of the layers that draw in training."""


class Activation(metaclass=ABCMeta):  # noqa: B024
    """The classes of the layers that are no more than a hidden activation."""


class Wrapper(metaclass=ABCMeta):  # noqa: B024
    """The classes of the layers that do the work of the one in `layer`."""


KERAS_NOISE: tuple[type, ...] = (
    keras.layers.Dropout,  # the spatial dropouts are subclasses
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)
for _kind in KERAS_NOISE:
    Noise.register(_kind)
Wrapper.register(keras.layers.Wrapper)

_WEIGHTS = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    keras.layers.RNN,
    keras.layers.Bidirectional,
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
# Names of functions, and of Keras's layers and operations; without underscores.
_NOT_HIDDEN = ("linear", "softmax", "logsoftmax", "sparsemax")
_HIDDEN = (
    *("relu", "relu6", "leakyrelu", "prelu", "elu", "selu", "celu", "gelu", "silu"),
    *("swish", "mish", "tanh", "hardtanh", "sigmoid", "hardsigmoid", "hardsilu"),
    *("softplus", "softsign", "glu", "softshrink", "hardshrink", "tanhshrink"),
    *("threshold", "squareplus", "sparseplus", "logsigmoid"),
)
_ARRANGING = (
    *("identity", "cast", "reshape", "flatten", "ravel", "squeeze", "expanddims"),
    *("permute", "transpose", "swapaxes", "moveaxis", "concatenate", "stack"),
    *("repeatvector", "getitem", "split"),
)


def is_weight_layer(layer: Any) -> bool:
    """Whether `layer` mixes its input's features by weights that it learns.

    These are dense layers, convolutions, recurrent layers, attention, other layers with
    a `kernel`, and what holds one of them: wrappers, models, blocks of your own.
    Depthwise convolutions mix no features.
    """
    parts = (part for part in with_every_layer(layer) if not isinstance(part, Wrapper))
    return any(
        isinstance(part, _WEIGHTS)
        or (hasattr(part, "kernel") and not isinstance(part, _DEPTHWISE))
        for part in parts
    )


def is_activation_layer(layer: Any) -> bool:
    """Whether a layer or an operation is nothing but an activation, of any kind."""
    if isinstance(layer, (Activation, keras.layers.Activation)):
        return True
    names = (*_HIDDEN, *_NOT_HIDDEN)
    return is_of_keras(type(layer)) and type(layer).__name__.lower() in names


def is_activation(layer: Any) -> bool:
    """Whether the output of a layer or an operation is that of a hidden activation.

    It is one itself, or ends with one as `Dense(8, "relu")` does. Softmax is not
    hidden, and recurrent layers use theirs in a loop.
    """
    if isinstance(layer, keras.layers.RNN):
        return False
    function = getattr(layer, "activation", None)
    if callable(function):
        return name_of(function).lower().replace("_", "") not in _NOT_HIDDEN
    return isinstance(layer, Activation) or (
        is_activation_layer(layer) and type(layer).__name__.lower() in _HIDDEN
    )


def only_arranges(layer: Any) -> bool:
    """Whether a layer or an operation hands on the numbers that it is given.

    It may give them another shape, order or dtype, and join those of its inputs.
    """
    if isinstance(layer, keras.layers.Activation):
        return name_of(layer.activation) == "linear"
    return is_of_keras(type(layer)) and type(layer).__name__.lower() in _ARRANGING


def noise_layers(model: keras.Layer, also: Iterable[type] = ()) -> list[keras.Layer]:
    """Every layer in `model` that draws in training, and those of the classes `also`.

    What a layer such as `ICLayer` holds as its `noise` is one of any class.
    """
    found: dict[int, keras.Layer] = {}
    for layer in every_layer(model):
        if isinstance(layer, (Noise, *also)):
            found[id(layer)] = layer
        noise = getattr(layer, "noise", None)
        if isinstance(noise, keras.Layer):
            found[id(noise)] = noise
    return list(found.values())


def unwrapped(layer: Any) -> Any:
    """What a wrapper such as `TimeDistributed` wraps, however deep."""
    while isinstance(layer, Wrapper):
        layer = layer.layer  # type: ignore[attr-defined]
    return layer


def is_of_keras(thing: Any) -> bool:
    """Whether a class or a function is part of Keras itself."""
    return str(getattr(thing, "__module__", "")).startswith("keras.")


def name_of(function: Any) -> str:
    """The name of a function, or the class of an object that is called like one."""
    return str(getattr(function, "__name__", None) or type(function).__name__)
