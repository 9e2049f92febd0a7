"""A trained model without its noise, for deployment."""

from functools import singledispatch
from typing import Any

import keras

from keras_regnoise._keras import kinds
from keras_regnoise._keras.graph import (
    distinct_layers,
    is_graph,
    walk,
)
from keras_regnoise.layers import (
    CrossNormalization,
    DropActivation,
    DropConnect,
    ICLayer,
    NoiseLayer,
    RandomizedLeakyReLU,
    UniformNoise,
    VarianceConstancy,
    WeightNoise,
)
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import Kinds, check_kinds, check_model

KERAS_NOISE: tuple[type, ...] = (
    *kinds.KERAS_NOISE,
    keras.layers.ActivityRegularization,
)
"""Keras's own layers that do nothing at inference, to be given to `strip`.

The spatial dropouts are among them as subclasses of `keras.layers.Dropout`.
"""


def strip(model: keras.Model, *, also: Kinds = ()) -> keras.Model:
    """Take the noise out of a model: the result loads without this package.

    Layers that only add noise or a loss in training are left out. The others become
    plain Keras layers that compute the same at inference and keep their weights:
    `DropActivation` becomes `LeakyReLU` (for ReLU), `Activation` (at rate 0) or a
    small model of plain layers (else), `ICLayer` its normalization,
    `RandomizedLeakyReLU` the `LeakyReLU` of its mean slope, `CrossNormalization` a
    `BatchNormalization`, `WeightNoise` and `DropConnect` (whose inference is the
    mean) the layer that they wrap. They take over the name of the layer that they
    stand for. Activity regularizers of this package are taken off. A model without
    any of these is copied.

    Keras's own dropout layers stay, so that `strip(insert(model, ...))` is `model`
    again; `strip(model, also=KERAS_NOISE)` leaves them out too.

    Args:
        model: A functional or Sequential model. It stays as it is.
        also: More layer classes to leave out. They must be the identity at
            inference.

    Returns:
        A new model. It is not compiled, even if `model` was.

    Raises:
        ValueError: If something of this package is left that `strip` cannot see or
            replace (inside a wrapper or a custom layer), or if the model is
            subclassed.

    Example:
        >>> import keras
        >>> from keras_regnoise.layers import DropActivation, RotationOut
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((4,)),
        ...         RotationOut(0.1),
        ...         keras.layers.Dense(8, name="hidden"),
        ...         DropActivation("relu", rate=0.05, name="act"),
        ...     ]
        ... )
        >>> [(type(layer).__name__, layer.name) for layer in strip(model).layers]
        [('Dense', 'hidden'), ('LeakyReLU', 'act')]
    """
    check_model(model)
    left_out = check_kinds("also", also)
    edits = Edits()
    for layer in distinct_layers(walk(model)):
        if isinstance(layer, left_out):
            edits.instead[id(layer)] = None
        elif isinstance(layer, keras.Layer) and not is_graph(layer):
            _strip_layer(layer, edits)
    stripped = rebuild(model, edits)
    _check_plain(stripped)
    return stripped


def _strip_layer(layer: keras.Layer, edits: Edits) -> None:
    new, carries_on = plain(layer)
    is_plain = new is layer
    if is_plain and not _is_ours(layer.activity_regularizer):
        return
    if is_plain:
        new, carries_on = copy_layer(layer), layer
        new.activity_regularizer = None
    if new is not None:
        new.name = layer.name
    if carries_on is not None:
        edits.copies.append((carries_on, new))
    edits.instead[id(layer)] = new


@singledispatch
def plain(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    """What stands for `layer` at inference, and the layer whose state it carries on.

    The first is None for the identity, and `layer` itself if that is plain already.
    """
    return layer, None


@plain.register(NoiseLayer)
@plain.register(UniformNoise)
@plain.register(VarianceConstancy)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    return None, None


@plain.register(ICLayer)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    return copy_layer(layer.normalization), layer.normalization


@plain.register(DropConnect)
@plain.register(WeightNoise)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    if getattr(layer, "inference", "mean") != "mean":
        return layer, None  # its inference is not the wrapped layer's
    return copy_layer(layer.layer), layer.layer


@plain.register(RandomizedLeakyReLU)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    slope = (layer.lower + layer.upper) / 2.0
    return keras.layers.LeakyReLU(slope, dtype=layer.dtype_policy), None


@plain.register(CrossNormalization)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    settings = ("axis", "momentum", "epsilon", "center", "scale")
    options = {name: getattr(layer, name) for name in settings}
    normalization = keras.layers.BatchNormalization(
        **options, dtype=layer.dtype_policy, trainable=layer.trainable
    )
    return normalization, layer


@plain.register(DropActivation)
def _(layer: keras.Layer) -> tuple[keras.Layer | None, keras.Layer | None]:
    rate = float(keras.ops.convert_to_numpy(layer.current_rate()))
    dtype = layer.dtype_policy
    if rate == 0.0:
        return keras.layers.Activation(layer.activation, dtype=dtype), None
    if layer.activation is keras.activations.relu:
        return keras.layers.LeakyReLU(negative_slope=rate, dtype=dtype), None
    x = keras.Input(batch_shape=_input_shape(layer), dtype=layer.compute_dtype)
    linear = keras.layers.Rescaling(rate, dtype=dtype)(x)
    y = keras.layers.Activation(layer.activation, dtype=dtype)(x)
    y = keras.layers.Rescaling(1.0 - rate, dtype=dtype)(y)
    return keras.Model(x, keras.layers.Add(dtype=dtype)([linear, y])), None


def _input_shape(layer: keras.Layer) -> Any:
    try:
        return layer.input.shape
    except AttributeError as error:
        raise ValueError(
            f"The shape of the input of '{layer.name}' is not known, and strip needs "
            "it for an activation other than ReLU. Build the model first: start it "
            "with keras.Input, or call model.build(input_shape)."
        ) from error


def _is_ours(thing: Any) -> bool:
    name: str = keras.saving.get_registered_name(type(thing))
    return name.startswith("keras_regnoise>")


def _check_plain(model: keras.Model) -> None:
    """Raise a ValueError if loading `model` would need this package."""
    layers = [layer for layer in distinct_layers(walk(model)) if not is_graph(layer)]
    left = [
        f"{type(layer).__name__} '{layer.name}'"
        for layer in layers
        if "keras_regnoise>" in repr(keras.saving.serialize_keras_object(layer))
    ]
    if left:
        raise ValueError(
            "These layers still need keras_regnoise, and strip cannot take it out of "
            f"them: {', '.join(left)}. Noise inside a wrapper or a custom layer is "
            "out of its sight: put it next to that layer, or replace the layer "
            "first with keras_regnoise.placement.replace."
        )
