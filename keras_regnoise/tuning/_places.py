"""Where in a model the noise goes, for each name of a placement."""

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_regnoise._keras.graph import Call, calls, is_graph, walk
from keras_regnoise._keras.kinds import is_activation, is_weight_layer, unwrapped
from keras_regnoise._keras.sublayers import with_every_layer
from keras_regnoise.placement._factory import NewLayers
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.tuning._kinds import Place

Where = tuple[Hashable, int]

_OVER_TIME = (
    keras.layers.TimeDistributed,
    keras.layers.ConvLSTM1D,
    keras.layers.ConvLSTM2D,
    keras.layers.ConvLSTM3D,
)
INSERTIONS = ("before_weights", "after_activation", "before_head")


@dataclass(frozen=True)
class _Spot:
    """A call, what its tensors are, and whether a weight layer stands after it.

    Attributes:
        call: The call.
        learned: By position in `call.entering`, whether a weight layer stands before.
        has_after: Whether a weight layer stands after.
    """

    call: Call
    learned: tuple[bool, ...]
    has_after: bool


def insert_noise(
    model: keras.Model, placement: str, make: Callable[[Place, int], keras.Layer]
) -> keras.Model:
    """Put `make(place, number of the place)` into all places of a placement."""
    found = find_places(model, placement)
    if not found:
        raise ValueError(
            f"The placement {placement!r} has no place in the model '{model.name}'. "
            f"{_WANTED[placement]} Leave the placement out, or put the noise in "
            "yourself with keras_regnoise.tuning.noise."
        )
    everything = walk(model)
    # In the order of the model, which the seeds of the layers follow.
    wheres = [
        (call.key, position)
        for call in everything
        for position in range(len(call.tensors) + len(call.outputs))
        if (call.key, position) in found
    ]
    layers = {call.key: call.layer for call in everything}
    numbers, places = itertools.count(), (found[where] for where in wheres)
    new = NewLayers(lambda layer: make(next(places), next(numbers)), everything)
    edits = Edits()
    chosen = edits.after if placement == "after_activation" else edits.before
    for where in wheres:
        layer = new.beside(layers[where[0]])
        if layer is not None:
            chosen[where] = layer
    return rebuild(model, edits)


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


def find_places(model: keras.Model, placement: str) -> dict[Where, Place]:
    """The places of a placement, by the call that they are next to and its tensor.

    One that a nested model has for several calls of it is left out if it is not one
    for all of them: it would put the noise on the data too.
    """
    found: dict[Where, Place] = {}
    left_out: set[Where] = set()
    default = _data_format((call.layer for call in walk(model)), "channels_last")
    for spot in _spots(model, _is_data):
        call, layer = spot.call, unwrapped(spot.call.layer)
        if call.shapeless:
            raise ValueError(
                f"The Sequential model '{model.name}' has no input yet, so that it is "
                "not known what the noise will stand on. Start it with "
                "keras.Input(shape)."
            )
        # Whatever has weights but no format works on the last axis.
        own = "channels_last" if is_weight_layer(layer) else default
        data_format = _data_format([call.layer], own)
        is_after = placement == "after_activation"
        tensors = call.leaving if is_after else call.entering
        for position, is_chosen in enumerate(_chosen(spot, layer, placement)):
            where = call.key, position
            if is_chosen:
                rank = len(tensors[position].shape)
                # What stands behind steps of time has four axes at least.
                is_known = data_format is not None or rank > 3
                found[where] = Place(rank, data_format if is_known else "channels_last")
            else:
                left_out.add(where)
    return {where: place for where, place in found.items() if where not in left_out}


def _chosen(spot: _Spot, layer: Any, placement: str) -> Sequence[bool]:
    """Which of the tensors of a call are places."""
    if placement == "after_activation":
        chosen = is_activation(layer) and spot.has_after
        return [chosen] * len(spot.call.leaving)
    if not is_weight_layer(layer):
        return [False] * len(spot.learned)
    if placement == "before_weights" or any(spot.learned):
        last = placement == "before_weights" or not spot.has_after
        return [last and learned for learned in spot.learned]
    return [not spot.has_after] * len(spot.learned)  # all there is


def _is_data(number: int) -> bool:
    return False


def _spots(
    model: keras.Model, is_learned: Callable[[int], bool], has_after: bool = False
) -> Iterator[_Spot]:
    """All calls but those of inputs, with those of nested models.

    Args:
        model: A model.
        is_learned: Whether its input of a number is learned and not the data.
        has_after: Whether a weight layer stands after the model.
    """
    found = calls(model)
    after = _followed(found, has_after)
    inputs = [] if any(call.shapeless for call in found) else model.inputs
    learned = {id(t) for number, t in enumerate(inputs) if is_learned(number)}
    for call in found:
        flags = [id(tensor) in learned for tensor in call.tensors]
        if is_graph(call.layer):
            yield from _spots(call.layer, flags.__getitem__, after[call.key])
        elif not isinstance(call.layer, keras.layers.InputLayer):
            entering = tuple(id(tensor) in learned for tensor in call.entering)
            yield _Spot(call, entering, after[call.key])
        if any(flags) or _mixes(call.layer):
            learned.update(map(id, call.outputs))


def _followed(found: list[Call], has_after: bool) -> dict[Any, bool]:
    """By the key of a call: whether a weight layer follows it."""
    followed = {}
    used: set[int] = set()
    for call in reversed(found):
        after = has_after or not used.isdisjoint(map(id, call.outputs))
        followed[call.key] = after
        if after or is_weight_layer(call.layer):
            used.update(map(id, call.tensors))
    return followed


def _mixes(layer: Any) -> bool:
    """Whether the output of `layer` is learned, and not the data in another form."""
    parts = with_every_layer(layer)
    return is_weight_layer(layer) or any(
        isinstance(part, keras.layers.Embedding) for part in parts
    )


def _data_format(layers: Iterable[Any], default: str | None) -> str | None:
    """That of the first convolution in `layers`, and the like.

    None if one has its channels first, but behind steps of time.
    """
    found = list(_data_formats(layers))
    return None if None in found else next(iter(found), default)


def _data_formats(layers: Iterable[Any]) -> Iterator[str | None]:
    for layer in layers:
        parts = with_every_layer(layer)
        over_time = any(isinstance(part, _OVER_TIME) for part in parts)
        for part in parts:
            # That of Flatten is Keras's, whatever it flattens.
            if isinstance(part, keras.layers.Flatten):
                continue
            data_format = getattr(part, "data_format", None)
            behind_time = over_time and data_format == "channels_first"
            if data_format is not None:
                yield None if behind_time else str(data_format)
