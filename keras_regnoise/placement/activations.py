"""Other layers in the place of one activation function of an existing model."""

from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise._keras.graph import (
    Call,
    distinct_layers,
    layer_calls,
    walk,
)
from keras_regnoise.placement._activation import Wanted, is_fused, said
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._factory import Factory, NewLayers
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import Where, check_model, count, select

One = str | type | Callable[[Any], Any]
Activation = One | tuple[One, ...]


def replace_activations(
    model: keras.Model,
    activation: Activation,
    factory: Factory,
    *,
    name: str | None = None,
    where: Where | None = None,
) -> keras.Model:
    """Put new layers in the place of one activation function, wherever it stands.

    An activation given by name or as a function is found with the parameters that the
    function has by default, in each of these forms:

    - `Activation("relu")`
    - Keras's layer or operation of that function: `ReLU()`, `keras.ops.relu(x)`
    - fused into a dense or convolution layer, as in `Dense(8, activation="relu")` or
      `Dense(8, activation=keras.layers.ReLU())`: it becomes a linear layer with the old
      weights, and the new layer after it

    | search | finds | does not find |
    |---|---|---|
    | `"relu"` | `ReLU()` | `ReLU(6.0)`, `ReLU(negative_slope=0.1)`, `LeakyReLU()` |
    | `"relu6"` | `ReLU(6.0)`, `keras.activations.relu(x, max_value=6)` | `ReLU()` |
    | `"leaky_relu"` | `LeakyReLU(0.2)`, `ReLU(negative_slope=0.2)` | `LeakyReLU(0.3)` |
    | `keras.layers.LeakyReLU` | `LeakyReLU` of any slope | `ReLU(negative_slope=0.2)` |
    | `keras.layers.PReLU` | `PReLU`, whose slopes are dropped | |

    A layer class is found by class, with any parameters. Not found are activations that
    a layer uses inside (LSTM gates, attention, wrapped layers), and what is written out
    as arithmetic (`keras.ops.maximum(x, 0)`).

    A layer that the model calls twice has one new layer, called twice.

    Args:
        model: A functional or Sequential model. It stays as it is.
        activation: The name of a Keras activation, the function itself, or a layer
            class; or a tuple of them.
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
    wanted = Wanted(activation)
    calls = layer_calls(model)
    candidates = [call for call in calls if wanted.is_in(call.layer)]
    if not candidates:
        present = count(filter(None, (said(call.layer) for call in calls)))
        raise ValueError(
            f"The model has no activation {wanted} that can be replaced. "
            f"Activations in it: {present or 'none'}. A name or a function stands for "
            "its default parameters, a layer class for any."
        )
    new_layers = NewLayers(factory, walk(model))
    edits = Edits()
    for layer in distinct_layers(select(candidates, name=name, where=where)):
        if is_fused(layer):
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
    function = layer.activation
    own = [(function, function)] if isinstance(function, keras.Layer) else []
    if layer.activity_regularizer is not None:
        # It looks at the layer's output, which is now the new layer's.
        new.activity_regularizer, linear.activity_regularizer = (
            linear.activity_regularizer,
            None,
        )
    edits.instead[id(layer)] = linear
    edits.copies.append((layer, linear, own))
    for call in calls:
        edits.after[call.key, 0] = new
