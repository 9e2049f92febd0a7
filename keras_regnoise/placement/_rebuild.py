"""Writing a Keras model: the same graph with other layers in some places."""

import inspect
from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_regnoise._keras.graph import (
    Call,
    calls,
    distinct_layers,
    is_graph,
    mask_of,
    walk,
)
from keras_regnoise._keras.model_classes import class_when_rebuilt, lost_methods
from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise._warn import warn
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._sharing import (
    Sharing,
    check_separate,
    name_of_layer,
    outermost,
)
from keras_regnoise.placement._state import assign, copy_attributes, copy_state, pairs

Place = tuple[Hashable, int]


@dataclass
class Edits:
    """What the new model has that the old one has not.

    Attributes:
        before: New layers by the call that they stand before, and by the position
            of their tensor in `Call.entering`.
        after: The same for `Call.leaving`.
        instead: By the id of an old layer, the layer that takes its place, or None
            if its input is passed on.
        copies: Old layers, layers named above that carry on their state, and where
            needed the pairs of layers in the two that are no copies.
        weights: Layers named above and new values for their weights.
        kept: Ids of the old variables that the copies take over; None for all. The
            others have new values.
    """

    before: dict[Place, keras.Layer] = field(default_factory=dict)
    after: dict[Place, keras.Layer] = field(default_factory=dict)
    instead: dict[int, keras.Layer | None] = field(default_factory=dict)
    copies: list[Any] = field(default_factory=list)
    weights: list[tuple[keras.Layer, Sequence[Any]]] = field(default_factory=list)
    kept: Container[int] | None = None


def rebuild(model: keras.Model, edits: Edits) -> keras.Model:
    """A new model: copies of the layers of `model`, their weights, and the edits.

    A shared layer or nested model stays shared. The new model is not compiled.

    Warns:
        UserWarning: If it loses what the class of `model` says of training.
    """
    if lost := lost_methods(model):
        warn(
            f"The new model of {name_of_layer(model)} is a plain Keras model, without "
            f"its own {', '.join(lost)}: {type(model).__name__} has a constructor of "
            "its own, for which nothing is known to call it with. Give the class the "
            "constructor of its base, and set its own attributes (numbers, texts) "
            "afterwards.",
        )
    return _Rebuild(model, edits).run()


class _Rebuild:
    """One run of `rebuild`."""

    def __init__(self, model: keras.Model, edits: Edits):
        self.model = model
        self.edits = edits
        self.sharing = Sharing(model)
        self.layers = {id(layer) for layer in every_layer(model)}
        self.copies: dict[int, tuple[keras.Operation, keras.Operation]] = {}
        self.added: dict[int, keras.Layer] = {}

    def run(self) -> keras.Model:
        new_model = self._graph(self.model)
        for old, new in self.copies.values():
            if isinstance(old, keras.Layer) and not is_graph(old):
                copy_state(old, new, kept=self.edits.kept)
        for old, new, *held in self.edits.copies:
            copy_state(old, new, *held)
        for layer, weights in self.edits.weights:
            assign(layer.weights, weights)
        check_separate(new_model, self.model)
        return new_model

    def _graph(self, model: keras.Model) -> keras.Model:
        if isinstance(model, keras.Sequential):
            return self._sequential(model)
        return self._of_calls(model)

    def _counterpart(self, old: keras.Operation) -> keras.Operation | None:
        """What stands in the new model where `old` stood; None if nothing does."""
        if id(old) in self.edits.instead:
            self.sharing.check_alone(old)
            return self._added(self.edits.instead[id(old)])
        return self._copied(old)

    def _copied(self, old: keras.Operation) -> keras.Operation:
        """The one copy of a layer, a nested model or an operation of the old model."""
        if id(old) not in self.copies:
            if is_graph(old):
                new = self._graph(old)
            elif isinstance(old, keras.Layer):
                shared = self.sharing.held_by(old)
                for layer in shared:
                    if id(layer) in self.edits.instead:
                        self.sharing.check_alone(layer)
                new = copy_layer(old, [(held, self._copied(held)) for held in shared])
            else:
                new = copy_layer(old)
            new.name = old.name  # not every constructor takes one
            self.copies[id(old)] = old, new
        return self.copies[id(old)][1]

    def _added(self, new: keras.Layer | None) -> keras.Layer | None:
        """A new layer; if it holds layers of the old model, one with their copies."""
        if new is None or id(new) in self.added:
            return None if new is None else self.added[id(new)]
        held = [(layer, self._copied(layer)) for layer in outermost(new, self.layers)]
        own = new
        if held:
            own = copy_layer(new, held)
            own.name = new.name
            self.edits.copies += pairs(new, own, held)
        self.added[id(new)] = own
        return own

    def _sequential(self, model: keras.Sequential) -> keras.Sequential:
        chain = []
        for call in calls(model):
            place = (call.key, 0)
            chain.append(self._added(self.edits.before.get(place)))
            chain.append(self._counterpart(call.layer))
            chain.append(self._added(self.edits.after.get(place)))
        layers = [layer for layer in chain if layer is not None]
        if all(isinstance(layer, keras.layers.InputLayer) for layer in layers):
            layers.append(keras.layers.Identity())  # a Sequential cannot be empty
        build = class_when_rebuilt(model)
        new = build(layers, name=model.name, trainable=model.trainable)
        return copy_attributes(model, new)

    def _of_calls(self, model: keras.Model) -> keras.Model:
        tensors: dict[int, Any] = {}
        inputs: dict[int, Any] = {}
        for call in calls(model):
            outputs = self._run_call(call, tensors)
            if isinstance(call.layer, keras.layers.InputLayer):
                inputs[id(call.outputs[0])] = outputs[0]
            ids = [id(tensor) for tensor in call.outputs]
            tensors.update(zip(ids, outputs, strict=True))
            for position, tensor in enumerate(call.leaving):
                layer = self._added(self.edits.after.get((call.key, position)))
                if layer is not None:
                    tensors[id(tensor)] = layer(tensors[id(tensor)])
        build = class_when_rebuilt(model)
        new = build(
            inputs=keras.tree.map_structure(lambda t: inputs[id(t)], model.input),
            outputs=keras.tree.map_structure(lambda t: tensors[id(t)], model.output),
            name=model.name,
            trainable=model.trainable,
        )
        return copy_attributes(model, new)

    def _run_call(self, call: Call, tensors: dict[int, Any]) -> list[Any]:
        """Make the call in the new model; the old outputs' counterparts."""
        new = self._counterpart(call.layer)
        if isinstance(new, keras.layers.InputLayer):
            return [new.output]
        current = dict(tensors)
        for position, tensor in enumerate(call.entering):
            layer = self._added(self.edits.before.get((call.key, position)))
            if layer is not None:
                current[id(tensor)] = layer(tensors[id(tensor)])
        if new is None:
            return [current[id(call.tensors[0])]]

        def fill(leaf: Any) -> Any:
            if isinstance(leaf, keras.KerasTensor):
                return current[id(leaf)]
            return (
                self._variable(leaf, call) if isinstance(leaf, keras.Variable) else leaf
            )

        args, kwargs = keras.tree.map_structure(fill, (call.args, call.kwargs))
        takes = inspect.signature(new.call).parameters
        for name, tensors in call.masked.items():
            if name in takes:
                kwargs[name] = keras.tree.map_structure(
                    lambda tensor: mask_of(current[id(tensor)]), tensors
                )
        if id(call.layer) in self.edits.instead:
            # Keras notes down mask=None for a layer that could take a mask.
            kwargs = {k: value for k, value in kwargs.items() if value is not None}
        return list(keras.tree.flatten(new(*args, **kwargs)))

    def _variable(self, variable: keras.Variable, call: Call) -> keras.Variable:
        """The variable of the new model that stands for one of the old model."""
        for old in distinct_layers(walk(self.model)):
            if is_graph(old) or not isinstance(old, keras.Layer):
                continue
            for number, own in enumerate(old.variables):
                if own is variable and id(old) not in self.edits.instead:
                    new = self._copied(old)
                    if not new.built:
                        new.build_from_config(old.get_build_config())
                    return new.variables[number]
        raise ValueError(
            f"The operation '{call.layer.name}' uses the variable '{variable.path}', "
            "which is of no layer that the new model has a copy of: the two models "
            "would share it. Put the operation into a layer that owns the variable."
        )
