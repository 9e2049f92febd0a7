"""Other layers in the place of one activation function of an existing model."""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise._keras.graph import (
    Call,
    distinct_layers,
    is_graph,
    layer_calls,
    walk,
)
from keras_regnoise._keras.kinds import is_of_keras, name_of
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._factory import Factory, NewLayers
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import Where, check_model, count, select

Activation = str | Callable[[Any], Any]

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


def replace_activations(
    model: keras.Model,
    activation: Activation,
    factory: Factory,
    *,
    name: str | None = None,
    where: Where | None = None,
) -> keras.Model:
    """Put new layers in the place of one activation function, wherever it stands.

    Found are `Activation("relu")`, the layers `ReLU()`, `LeakyReLU(...)`, `ELU()` and
    `Softmax()` where they compute just that function, raw calls such as
    `keras.ops.relu(x)`, and activations fused into a dense or convolution layer
    (`Dense(8, activation="relu")`), which become a linear layer with the old
    weights and the new layer after it. Not found are activations that a layer uses
    inside (LSTM gates, attention, wrapped layers).

    A layer that the model calls twice has one new layer, called twice.

    Args:
        model: A functional or Sequential model. It stays as it is.
        activation: The name of a Keras activation, or the function itself.
        factory: A function that is given the layer that has the activation and
            returns the new layer, or None to leave this one as it is.
        name: Only layers with this name: a regular expression for the whole name,
            or for the whole path in a nested model.
        where: Only layers for which this function of the layer returns True.

    Returns:
        A new model with the weights of `model`. It is not compiled, even if
        `model` was.

    Raises:
        ValueError: If nothing matches, if the factory returns no new layer, or if
            the model is subclassed.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(8, "relu", name="hidden")]
        ... )
        >>> other = replace_activations(
        ...     model, "relu", lambda layer: keras.layers.LeakyReLU(0.05)
        ... )
        >>> [layer.name for layer in other.layers]
        ['hidden', 'hidden_leaky_re_lu']
    """
    edits = activation_replacements(model, activation, factory, name, where)
    return rebuild(model, edits)


def activation_replacements(
    model: keras.Model,
    activation: Activation,
    factory: Factory,
    name: str | None,
    where: Where | None,
) -> Edits:
    """What `replace_activations` does, for `rebuild` and for `plan`."""
    check_model(model)
    function = keras.activations.get(activation)
    calls = layer_calls(model)
    candidates = [
        call
        for call in calls
        if _is_fused(call.layer, function) or _computes(call.layer, function)
    ]
    if not candidates:
        fused = [call.layer for call in calls if hasattr(call.layer, "activation")]
        present = count(name_of(layer.activation) for layer in fused)
        raise ValueError(
            f"The model has no activation {name_of(function)!r} that can be replaced. "
            f"Activations of its layers: {present or 'none'}."
        )
    new_layers = NewLayers(factory, walk(model))
    edits = Edits()
    for layer in distinct_layers(select(candidates, name=name, where=where)):
        if _is_fused(layer, function):
            here = [call for call in calls if call.layer is layer]
            _split(layer, here, new_layers, edits)
        elif (new := new_layers.instead(layer)) is not None:
            edits.instead[id(layer)] = new
    return edits


def _split(
    layer: keras.Layer, calls: list[Call], new_layers: NewLayers, edits: Edits
) -> None:
    """Take the activation off `layer` and put a new layer after each of its calls."""
    new = new_layers.beside(layer)
    if new is None:
        return
    linear = copy_layer(layer, activation="linear")
    if layer.activity_regularizer is not None:
        # It looks at the layer's output, which is now the new layer's.
        new.activity_regularizer, linear.activity_regularizer = (
            linear.activity_regularizer,
            None,
        )
    edits.instead[id(layer)] = linear
    edits.copies.append((layer, linear))
    for call in calls:
        edits.after[call.key, 0] = new


def _is_fused(layer: Any, function: Any) -> bool:
    """Whether `layer` is a dense or convolution layer that ends with `function`."""
    return (
        getattr(type(layer), "call", None) in _FUSED_CALLS
        and layer.activation is function
    )


def _computes(layer: Any, function: Any) -> bool:
    """Whether `layer` does nothing but `function`.

    Keras's own classes (`keras.layers.ReLU`, the operation behind `keras.ops.relu`)
    are named after the function, and have its parameters as attributes.
    """
    if isinstance(layer, keras.layers.Activation):
        return layer.activation is function
    if is_graph(layer) or not is_of_keras(type(layer)) or not is_of_keras(function):
        return False
    if type(layer).__name__.lower() != name_of(function).replace("_", ""):
        return False
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return all(getattr(layer, p.name, p.default) == p.default for p in parameters)
