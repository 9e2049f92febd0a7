"""New layers before or after layers of an existing model."""

import keras

from keras_regnoise._keras.graph import walk
from keras_regnoise.placement._factory import Factory, NewLayers
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import (
    Kinds,
    Where,
    check_kinds,
    check_model,
    select,
)


def insert(
    model: keras.Model,
    factory: Factory,
    *,
    before: Kinds | None = None,
    after: Kinds | None = None,
    name: str | None = None,
    where: Where | None = None,
) -> keras.Model:
    """Put new layers before or after layers of a model, and keep its weights.

    Each place gets a layer of its own. A layer that the model calls twice has two
    places; a layer that is called on two tensors (`Add`, attention) has one before
    it for each of them, and the same tensor passed twice counts once. Places inside
    nested models count too, once however often the nested model is called. Tensors
    that are not floating point (token ids, masks) are no places.

    A new layer is called `<layer>_<class>`, as in `conv1_rotation_out`, with a
    number if that is taken, unless the factory names it.

    Args:
        model: A functional or Sequential model. It stays as it is.
        factory: A function that is given the layer of `model` that was chosen (to
            look at) and returns the new layer, or None to leave this place out. One
            `seed` in it would be the same noise in every place.
        before: A layer class, or a tuple of classes: the new layer stands before
            layers of these classes. `keras.Layer` means any.
        after: The same, with the new layer after them.
            `keras.layers.InputLayer` puts it on the inputs.
        name: Only layers with this name: a regular expression for the whole name,
            or for the whole path (`"encoder/dense_1"`) in a nested model.
        where: Only layers for which this function of the layer returns True.

    Returns:
        A new model with the weights of `model`. It is not compiled, even if
        `model` was.

    Raises:
        ValueError: If nothing matches, if not exactly one of `before` and `after`
            is given, if the factory returns no new layer, or if the model is
            subclassed.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(8, name="hidden")]
        ... )
        >>> dropout = lambda layer: keras.layers.Dropout(0.1)
        >>> noisy = insert(model, dropout, before=keras.layers.Dense)
        >>> [layer.name for layer in noisy.layers]
        ['hidden_dropout', 'hidden']
    """
    edits = insertions(model, factory, before, after, name, where)
    return rebuild(model, edits)


def insertions(
    model: keras.Model,
    factory: Factory,
    before: Kinds | None,
    after: Kinds | None,
    name: str | None,
    where: Where | None,
) -> Edits:
    """What `insert` does, for `rebuild` and for `plan`."""
    check_model(model)
    if (before is None) == (after is None):
        raise ValueError(
            "Exactly one of `before` and `after` must be given. "
            f"Received: before={before!r}, after={after!r}"
        )
    calls = walk(model)
    if before is not None:
        kinds = check_kinds("before", before)
        places = {call.key: call.entering for call in calls}
    else:
        kinds = check_kinds("after", after)
        places = {call.key: call.leaving for call in calls}
    candidates = [call for call in calls if places[call.key]]
    new_layers = NewLayers(factory, calls)
    edits = Edits()
    chosen = edits.before if before is not None else edits.after
    for call in select(candidates, kinds=kinds, name=name, where=where):
        for position in range(len(places[call.key])):
            layer = new_layers.beside(call.layer)
            if layer is not None:
                chosen[call.key, position] = layer
    return edits
