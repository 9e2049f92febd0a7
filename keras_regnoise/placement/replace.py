"""Other layers in the place of layers of an existing model."""

import keras

from keras_regnoise._keras.graph import (
    distinct_layers,
    layer_calls,
    walk,
)
from keras_regnoise.placement._factory import Factory, NewLayers
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import (
    Kinds,
    Where,
    check_kinds,
    check_model,
    select,
)


def replace(
    model: keras.Model,
    target: Kinds | str,
    factory: Factory,
    *,
    where: Where | None = None,
) -> keras.Model:
    """Put new layers in the place of layers of a model; the others keep their weights.

    Each layer is replaced once: one that the model calls twice becomes one new layer
    that is called twice. The new layer takes over the name of the old one, unless
    the factory names it, but not its weights. The exception is a wrapper round the
    old layer, `lambda layer: Wrapper(layer)`: it wraps a copy, weights included.

    Args:
        model: A functional or Sequential model. It stays as it is.
        target: A layer class, a tuple of classes, or a regular expression for the
            whole name (or path, in a nested model) of the layers to replace.
        factory: A function that is given the layer of `model` and returns the new
            layer, or None to leave this one as it is.
        where: Only layers for which this function of the layer returns True.

    Returns:
        A new model. It is not compiled, even if `model` was.

    Raises:
        ValueError: If nothing matches, if the factory returns no new layer, or if
            the model is subclassed.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dropout(0.5, name="noise")]
        ... )
        >>> other = replace(
        ...     model,
        ...     keras.layers.Dropout,
        ...     lambda layer: keras.layers.GaussianDropout(layer.rate),
        ... )
        >>> other.layers
        [<GaussianDropout name=noise, built=True>]
    """
    return rebuild(model, replacements(model, target, factory, where))


def replacements(
    model: keras.Model, target: Kinds | str, factory: Factory, where: Where | None
) -> Edits:
    """What `replace` does, for `rebuild` and for `plan`."""
    check_model(model)
    by_name = isinstance(target, str)
    found = select(
        layer_calls(model),
        kinds=(keras.Layer,) if by_name else check_kinds("target", target),
        name=target if isinstance(target, str) else None,
        where=where,
    )
    new_layers = NewLayers(factory, walk(model))
    edits = Edits()
    for layer in distinct_layers(found):
        new = new_layers.instead(layer)
        if new is not None:
            edits.instead[id(layer)] = new
    return edits
