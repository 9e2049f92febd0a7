"""A trained model without its noise, for deployment."""

from typing import Any

import keras

from keras_regnoise._keras import kinds
from keras_regnoise._keras.graph import (
    Call,
    distinct_layers,
    is_graph,
    walk,
)
from keras_regnoise._keras.hooks import take_off_activity_regularizer
from keras_regnoise._keras.sublayers import (
    direct_sublayers,
    every_layer,
    with_every_layer,
)
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._plain import Plain, Shape, identity, plain_of
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import Kinds, check_kinds, check_model
from keras_regnoise.placement._sharing import Sharing, name_of_layer

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

    - `DropActivation`: `LeakyReLU` (of ReLU), `Activation` (at rate 0), else a model of
      `Rescaling`, `Activation` and `Add`
    - `ICLayer`: its normalization, and after it what its noise is at inference, if that
      is not the identity
    - `RandomizedLeakyReLU`: the `LeakyReLU` of its mean slope
    - `CrossNormalization`: `BatchNormalization`
    - `WeightNoise` and `DropConnect`: the layer that they wrap
    - `DropConnect(inference="gaussian")`: a model with the points of its Gaussian as
      weights
    - `ZCAWhitening`: a model of `Rescaling`, `Dense` and changes of shape

    They take over the name of the layer that they stand for. So do those inside a
    wrapper or a layer of your own whose `get_config` names them. Activity regularizers
    of this package are taken off, at any depth. A model without any of these is copied;
    layers of your own stay, and loading the model needs their classes.

    Keras's own dropout layers stay, so that `strip(insert(model, ...))` is `model`
    again; `strip(model, also=KERAS_NOISE)` leaves them out too.

    Args:
        model: A functional or Sequential model. It stays as it is.
        also: More layer classes to leave out, such as a `NoiseLayer` of your own. They
            must be the identity at inference.

    Returns:
        A new model. It is not compiled, even if `model` was.

    Raises:
        ValueError: If something of this package is left (a class of your own made of
            one of this package whose `call` does something, a layer that a
            `get_config` does not name, a regularizer of something else than
            activities), if a shape is needed and not known, or if the model is
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
    everything = walk(model)
    shapes = _input_shapes(everything)
    sharing, edits = Sharing(model), Edits()
    for layer in distinct_layers(everything):
        if isinstance(layer, left_out):
            edits.instead[id(layer)] = None
        elif isinstance(layer, keras.Layer) and not is_graph(layer):
            _strip_layer(layer, shapes.get(id(layer)), sharing, edits)
    stripped = rebuild(model, edits)
    for layer in every_layer(stripped):
        take_off_activity_regularizer(layer, _is_ours)
    _check_plain(stripped)
    return stripped


def _strip_layer(
    layer: keras.Layer, shape: Shape | None, sharing: Sharing, edits: Edits
) -> None:
    known = plain_of(layer, shape)
    if known is None:
        known = _around(layer)
    if known is None:
        return
    for held in sharing.held_by(layer):
        if held.weights:
            raise ValueError(
                f"{name_of_layer(layer)} holds {name_of_layer(held)}, which the model "
                "has elsewhere too: without the noise there would be two of it. Call "
                "the layer itself in one place, or replace the one that holds it."
            )
    new = known.layer
    if new is not None:
        new.name = layer.name
    edits.instead[id(layer)] = new
    edits.copies += known.copies
    edits.weights += known.weights


def _around(layer: keras.Layer) -> Plain | None:
    """A layer that holds some of this package, with what stands for those."""
    found: list[tuple[keras.Layer, Plain]] = []

    def visit(parent: keras.Layer) -> None:
        for part in direct_sublayers(parent):
            known = plain_of(part, None)
            if known is None:
                visit(part)
                continue
            if known.layer is None:
                known.layer = identity(part)
            known.layer.name = part.name
            found.append((part, known))

    try:
        visit(layer)
        held = [(part, known.layer) for part, known in found]
        new = copy_layer(layer, held) if held else None
    except ValueError:  # what is left is named in the end
        return None
    if new is None:
        return None
    copies = [(layer, new, held)]
    weights: list[Any] = []
    for _, known in found:
        copies += known.copies
        weights += known.weights
    return Plain(new, copies, weights)


def _input_shapes(calls: list[Call]) -> dict[int, Shape]:
    """By the id of a layer: the shape that all its inputs have, None where they differ.

    Layers that are called on several tensors or on ranks that differ are left out.
    """
    seen: dict[int, list[Shape]] = {}
    for call in calls:
        shapes = [tuple(tensor.shape) for tensor in call.entering if tensor is not None]
        seen.setdefault(id(call.layer), []).extend(shapes)
    return {
        key: tuple(
            sizes[0] if len(set(sizes)) == 1 else None
            for sizes in zip(*shapes, strict=True)
        )
        for key, shapes in seen.items()
        if len({len(shape) for shape in shapes}) == 1
    }


def _is_ours(thing: Any) -> bool:
    name: str = keras.saving.get_registered_name(type(thing))
    return name.startswith("keras_regnoise>")


def _check_plain(model: keras.Model) -> None:
    """Raise a ValueError if loading `model` would need this package."""
    layers = [layer for layer in distinct_layers(walk(model)) if not is_graph(layer)]
    left = [
        f"{type(layer).__name__} '{layer.name}'" for layer in layers if _needs(layer)
    ]
    if left:
        raise ValueError(
            "These layers still need keras_regnoise, and strip cannot take it out of "
            f"them: {', '.join(left)}. They are of a class of your own that is made of "
            "one of this package, hold one that their `get_config` does not name, or "
            "two of one class and name, or have a regularizer of it that is no "
            "`activity_regularizer`. Give the classes that are the identity at "
            "inference as strip(model, also=...), replace other layers first with "
            "keras_regnoise.placement.replace, or let their `get_config` return the "
            "layers that they hold, under names of their own, by "
            "keras.saving.serialize_keras_object."
        )


def _needs(layer: keras.Operation) -> bool:
    if "keras_regnoise>" in repr(keras.saving.serialize_keras_object(layer)):
        return True
    classes = {cls for part in with_every_layer(layer) for cls in type(part).__mro__}
    return any(cls.__module__.startswith("keras_regnoise.") for cls in classes)
