"""Which activation a layer is, or ends with, whatever form it has."""

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from keras_regnoise._keras.kinds import is_activation_layer, is_of_keras, name_of

# Layers whose call ends with their activation, so that it can be taken off them.
_FUSED = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)
_FUSED_CALLS = {cls.call for cls in _FUSED}

# What an activation computes: a name and its parameters, or a function of the user's.
Meaning = tuple[Any, tuple[tuple[str, Any], ...]]

# The parameters of `keras.activations.relu`, which are those of `keras.layers.ReLU`.
_RELU = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}


class Wanted:
    """What is searched for: names, functions and layer classes.

    Args:
        activation: One of them, or a tuple.

    Raises:
        ValueError: If it is not one of these.
    """

    def __init__(self, activation: Any):
        items = activation if isinstance(activation, tuple) else (activation,)
        self.classes = tuple(item for item in items if isinstance(item, type))
        if not items or not all(issubclass(cls, keras.Layer) for cls in self.classes):
            raise ValueError(
                "`activation` must be the name of a Keras activation, such as 'relu', "
                "a function, a layer class, such as keras.layers.LeakyReLU, or a tuple "
                f"of them. Received: activation={activation!r}"
            )
        functions = [keras.activations.get(i) for i in items if not isinstance(i, type)]
        self.meanings = [_of_function(function) for function in functions]
        self.names = [repr(name_of(function)) for function in functions]
        self.names += [cls.__name__ for cls in self.classes]

    def is_in(self, layer: Any) -> bool:
        """Whether a layer or an operation is such an activation, or ends with one."""
        if is_fused(layer):
            layer = layer.activation
        return isinstance(layer, self.classes) or meaning(layer) in self.meanings

    def __str__(self) -> str:
        return " or ".join(self.names)


def is_fused(layer: Any) -> bool:
    """Whether the call of `layer` ends with its activation."""
    return getattr(type(layer), "call", None) in _FUSED_CALLS


def meaning(activation: Any) -> Meaning | None:
    """What an activation computes; None for what is not one, or has weights."""
    if isinstance(activation, keras.layers.Activation):
        return meaning(activation.activation)
    if not isinstance(activation, keras.Operation):
        return _of_function(activation)
    function = _functions().get(type(activation).__name__.lower())
    if function is None or not is_of_keras(type(activation)):
        return None
    if isinstance(activation, keras.Layer) and activation.weights:
        return None
    return _of_function(function, vars(activation))


def _of_function(function: Any, values: Mapping[str, Any] | None = None) -> Meaning:
    """What a function computes, with some values for its options or the default."""
    if not is_of_keras(function) or isinstance(function, keras.Layer):
        return function, ()
    options = {
        p.name: (values or {}).get(p.name, p.default)
        for p in list(inspect.signature(function).parameters.values())[1:]
    }
    name = name_of(function).replace("_", "")
    if name == "relu6":
        name, options = "relu", {**_RELU, "max_value": 6.0}
    elif name == "leakyrelu":
        name, options = "relu", {**_RELU, **options}
    return name, tuple(sorted((key, _value(v)) for key, v in options.items()))


def _value(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else repr(value)


def _functions() -> dict[str, Any]:
    """Keras's activations by the names of their layers and operations, lower case."""
    found = vars(keras.activations).items()
    return {name.replace("_", ""): f for name, f in found if inspect.isfunction(f)}


def said(layer: Any) -> str | None:
    """The activation of a layer, in an error; None if it has none."""
    if is_fused(layer):
        layer = layer.activation
    if isinstance(layer, keras.Operation) and not is_activation_layer(layer):
        # Of a layer that uses it inside.
        function = getattr(layer, "activation", None)
        return None if function is None else name_of(function)
    if isinstance(layer, keras.layers.Activation):
        return name_of(layer.activation)
    found = meaning(layer)
    if not isinstance(layer, keras.Operation) or found is None or not found[1]:
        return name_of(layer)
    options = ", ".join(f"{key}={value}" for key, value in found[1])
    return f"{type(layer).__name__}({options})"
