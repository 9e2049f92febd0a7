"""Layers that a model has in several places, and models that share none."""

from collections import defaultdict
from collections.abc import Container
from typing import Any

import keras

from keras_regnoise._keras.graph import distinct_layers, is_graph, walk
from keras_regnoise._keras.sublayers import direct_sublayers, every_layer


class Sharing:
    """Which layers of a model are also inside another layer of it.

    Raises:
        ValueError: If two layers share a variable and not the layer that it is of.
    """

    def __init__(self, model: keras.Model) -> None:
        self._holders: dict[int, list[keras.Layer]] = defaultdict(list)
        owners: dict[int, list[keras.Layer]] = defaultdict(list)
        called = [
            layer
            for layer in distinct_layers(walk(model))
            if isinstance(layer, keras.Layer) and not is_graph(layer)
        ]
        for layer in called:
            for held in (layer, *every_layer(layer)):
                self._holders[id(held)].append(layer)
            for variable in layer.weights:
                owners[id(variable)].append(layer)
        self._shared = {key for key, found in self._holders.items() if len(found) > 1}
        for layer in called:
            if id(layer) not in self._shared:
                self._check_own(layer, owners)

    def _check_own(self, layer: keras.Layer, owners: Any) -> None:
        shared = self.held_by(layer)
        known = {id(v) for held in shared for v in held.weights}
        for variable in layer.weights:
            others = [o for o in owners[id(variable)] if o is not layer]
            if others and id(variable) not in known:
                raise ValueError(
                    f"{name_of_layer(layer)} and {name_of_layer(others[0])} share the "
                    f"variable '{variable.path}' and not the layer that it belongs to: "
                    "copies of the two would have one each. Give one layer the "
                    "other, and not its variable."
                )

    def is_shared(self, layer: keras.Operation) -> bool:
        """Whether another layer of the model holds `layer`."""
        return id(layer) in self._shared

    def held_by(self, layer: keras.Layer) -> list[keras.Layer]:
        """The outermost layers inside `layer` that are also somewhere else."""
        return outermost(layer, self._shared)

    def check_alone(self, layer: keras.Operation) -> None:
        """Raise a ValueError if another layer holds `layer`, which is to go."""
        others = [h for h in self._holders[id(layer)] if h is not layer]
        if others:
            raise ValueError(
                f"{name_of_layer(layer)} would become another layer, and "
                f"{name_of_layer(others[0])} holds it too, where it cannot be changed: "
                "what they share would be two. Choose other layers by `name` or "
                "`where`, or call the layer in the model itself."
            )


def outermost(layer: keras.Layer, wanted: Container[int]) -> list[keras.Layer]:
    """The layers inside `layer` whose id is wanted, without what they hold."""
    found: list[keras.Layer] = []
    for held in direct_sublayers(layer):
        found += [held] if id(held) in wanted else outermost(held, wanted)
    return found


def check_separate(new: keras.Model, old: keras.Model) -> None:
    """Raise a ValueError if training `new` would change `old`."""
    variables = {id(variable) for variable in old.variables}
    unbuilt = {id(layer) for layer in every_layer(old) if not layer.built}
    shared = [
        layer
        for layer in every_layer(new)
        if id(layer) in unbuilt or not variables.isdisjoint(map(id, layer.variables))
    ]
    if shared:
        names = ", ".join(map(name_of_layer, _innermost(shared)))
        raise ValueError(
            f"The new model would share these layers with the old one: {names}. "
            "Training one would change the other. A layer that holds them has to "
            "return them from `get_config` by keras.saving.serialize_keras_object, "
            "and to make them anew in `from_config`."
        )


def _innermost(layers: list[keras.Layer]) -> list[keras.Layer]:
    """Those that hold none of the others."""
    ids = {id(layer) for layer in layers}
    return [
        layer for layer in layers if ids.isdisjoint(map(id, direct_sublayers(layer)))
    ]


def name_of_layer(layer: keras.Operation) -> str:
    """A layer in an error, as `Dense 'head'`."""
    return f"{type(layer).__name__} '{layer.name}'"
