"""Where in a model the noise goes, for each name of a placement."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras

from keras_regnoise._keras.graph import Call, calls, is_graph, walk
from keras_regnoise._keras.kinds import is_activation, is_weight_layer, unwrapped
from keras_regnoise.placement.insert import insert
from keras_regnoise.tuning._kinds import Place

INSERTIONS = ("before_weights", "after_activation", "before_head")


@dataclass(frozen=True)
class _Spot:
    """A call, and whether weight layers stand before and after it."""

    call: Call
    has_before: bool
    has_after: bool


def insert_noise(
    model: keras.Model, placement: str, make: Callable[[Place, int], keras.Layer]
) -> keras.Model:
    """Put `make(place, number of the place)` into all places of a placement."""
    places = find_places(model, placement)
    if not places:
        raise ValueError(
            f"The placement {placement!r} has no place in the model '{model.name}'. "
            f"{_WANTED[placement]} Leave the placement out, or put the noise in "
            "yourself with keras_regnoise.tuning.noise."
        )
    number = itertools.count()
    is_after = placement == "after_activation"
    return insert(
        model,
        lambda layer: make(places[id(layer)], next(number)),
        before=None if is_after else keras.Operation,
        after=keras.Operation if is_after else None,
        where=lambda layer: id(layer) in places,
    )


_WANTED = {
    "before_weights": (
        "It is before each dense, convolution, recurrent or attention layer but the "
        "first one, which is on the data itself."
    ),
    "after_activation": (
        "It is after each activation that is followed by a layer with weights."
    ),
    "before_head": (
        "It is before the last dense, convolution, recurrent or attention layer."
    ),
}


def find_places(model: keras.Model, placement: str) -> dict[int, Place]:
    """The places of a placement, by the id of the layer that they are next to."""
    found = {}
    default = _data_format(model)
    for spot in _spots(model):
        call, layer = spot.call, unwrapped(spot.call.layer)
        if call.shapeless:
            raise ValueError(
                f"The Sequential model '{model.name}' has no input yet, so that it is "
                "not known what the noise will stand on. Start it with "
                "keras.Input(shape)."
            )
        tensors = call.entering
        if placement == "before_weights":
            chosen = is_weight_layer(layer) and spot.has_before
        elif placement == "before_head":
            chosen = is_weight_layer(layer) and not spot.has_after
        else:
            chosen = is_activation(layer) and spot.has_after
            tensors = call.leaving
        if chosen and tensors:
            # Whatever has weights but no format works on the last axis.
            own = "channels_last" if is_weight_layer(layer) else default
            data_format = getattr(layer, "data_format", own)
            found[id(call.layer)] = Place(len(tensors[0].shape), data_format)
    return found


def _spots(
    model: keras.Model, has_before: bool = False, has_after: bool = False
) -> Iterator[_Spot]:
    """All calls but those of inputs, with those of nested models."""
    found = calls(model)
    after = _followed(found, has_after)
    mixed: set[int] = set()
    for call in found:
        before = has_before or not mixed.isdisjoint(map(id, call.tensors))
        if is_graph(call.layer):
            yield from _spots(call.layer, before, after[call.key])
        elif not isinstance(call.layer, keras.layers.InputLayer):
            yield _Spot(call, before, after[call.key])
        if before or _mixes(call.layer):
            mixed.update(map(id, call.outputs))


def _followed(found: list[Call], has_after: bool) -> dict[Any, bool]:
    """By the key of a call: whether a weight layer follows it."""
    followed = {}
    used: set[int] = set()
    for call in reversed(found):
        after = has_after or not used.isdisjoint(map(id, call.outputs))
        followed[call.key] = after
        if after or _has_weight(call.layer):
            used.update(map(id, call.tensors))
    return followed


def _has_weight(layer: Any) -> bool:
    if is_graph(layer):
        return any(_has_weight(call.layer) for call in calls(layer))
    return is_weight_layer(layer)


def _mixes(layer: Any) -> bool:
    """Whether the output of `layer` is learned, and not the data in another form."""
    if is_graph(layer):
        return any(_mixes(call.layer) for call in calls(layer))
    return _has_weight(layer) or isinstance(layer, keras.layers.Embedding)


def _data_format(model: keras.Model) -> str:
    """That of the convolutions of the model."""
    layers = [call.layer for call in walk(model)]
    found = [layer.data_format for layer in layers if hasattr(layer, "data_format")]
    return str(found[0] if found else keras.config.image_data_format())
