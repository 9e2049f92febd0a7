"""Writing a Keras model: the same graph with other layers in some places."""

import copy
import inspect
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_regnoise._keras.graph import Call, calls, is_graph
from keras_regnoise._keras.sublayers import output_shape_of_lambda

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
        copies: Old layers and layers named above that carry on their state.
        weights: Layers named above and new values for their weights.
    """

    before: dict[Place, keras.Layer] = field(default_factory=dict)
    after: dict[Place, keras.Layer] = field(default_factory=dict)
    instead: dict[int, keras.Layer | None] = field(default_factory=dict)
    copies: list[tuple[keras.Layer, keras.Layer]] = field(default_factory=list)
    weights: list[tuple[keras.Layer, Sequence[Any]]] = field(default_factory=list)


def rebuild(model: keras.Model, edits: Edits) -> keras.Model:
    """A new model: copies of the layers of `model`, their weights, and the edits.

    A shared layer or nested model stays shared. The new model is not compiled.
    """
    return _Rebuild(edits).run(model)


def copy_layer(layer: keras.Operation, **changes: Any) -> keras.Operation:
    """A copy of `layer`, without its weights; `changes` are made in its config."""
    if isinstance(layer, keras.layers.Lambda):
        return _copy_lambda(layer)
    if hasattr(layer, "adapt"):
        # What such a layer has learned is not all in its weights and its config.
        return copy.deepcopy(layer)
    try:
        return type(layer).from_config({**layer.get_config(), **changes})
    except (NotImplementedError, TypeError) as error:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' cannot be copied: its "
            "`from_config(get_config())` fails. Give it a constructor that takes "
            "`**kwargs` (name, dtype, ...), and a `get_config` that returns all of its "
            f"arguments. Keras said: {error}"
        ) from error


def _copy_lambda(layer: keras.layers.Lambda) -> keras.layers.Lambda:
    # Through its config a Python lambda would lose the module it was written in.
    return type(layer)(
        layer.function,
        output_shape=output_shape_of_lambda(layer),
        mask=layer.mask,
        arguments=layer.arguments,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


class _Rebuild:
    """One run of `rebuild`."""

    def __init__(self, edits: Edits):
        self.edits = edits
        self.copies: dict[int, tuple[keras.Operation, keras.Operation]] = {}

    def run(self, model: keras.Model) -> keras.Model:
        new_model = self._graph(model)
        for old, new in self.copies.values():
            if isinstance(old, keras.Layer) and not is_graph(old):
                _copy_state(old, new)
        for old, new in self.edits.copies:
            _copy_state(old, new)
        for layer, weights in self.edits.weights:
            _assign(layer.weights, weights)
        return new_model

    def _graph(self, model: keras.Model) -> keras.Model:
        if isinstance(model, keras.Sequential):
            return self._sequential(model)
        return self._of_calls(model)

    def _counterpart(self, old: keras.Operation) -> keras.Operation | None:
        """What stands in the new model where `old` stood; None if nothing does."""
        if id(old) in self.edits.instead:
            return self.edits.instead[id(old)]
        if id(old) not in self.copies:
            new = self._graph(old) if is_graph(old) else copy_layer(old)
            new.name = old.name  # not every constructor takes one
            self.copies[id(old)] = old, new
        return self.copies[id(old)][1]

    def _sequential(self, model: keras.Sequential) -> keras.Sequential:
        chain = []
        for call in calls(model):
            place = (call.key, 0)
            chain.append(self.edits.before.get(place))
            chain.append(self._counterpart(call.layer))
            chain.append(self.edits.after.get(place))
        layers = [layer for layer in chain if layer is not None]
        if all(isinstance(layer, keras.layers.InputLayer) for layer in layers):
            layers.append(keras.layers.Identity())  # a Sequential cannot be empty
        own_init = type(model).__init__ is not keras.Sequential.__init__
        build = keras.Sequential if own_init else type(model)
        return build(layers, name=model.name, trainable=model.trainable)

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
                layer = self.edits.after.get((call.key, position))
                if layer is not None:
                    tensors[id(tensor)] = layer(tensors[id(tensor)])
        return _functional_class(model)(
            inputs=keras.tree.map_structure(lambda t: inputs[id(t)], model.input),
            outputs=keras.tree.map_structure(lambda t: tensors[id(t)], model.output),
            name=model.name,
            trainable=model.trainable,
        )

    def _run_call(self, call: Call, tensors: dict[int, Any]) -> list[Any]:
        """Make the call in the new model; the old outputs' counterparts."""
        new = self._counterpart(call.layer)
        if isinstance(new, keras.layers.InputLayer):
            return [new.output]
        current = dict(tensors)
        for position, tensor in enumerate(call.entering):
            layer = self.edits.before.get((call.key, position))
            if layer is not None:
                current[id(tensor)] = layer(tensors[id(tensor)])
        if new is None:
            return [current[id(call.tensors[0])]]

        def fill(leaf: Any) -> Any:
            return current[id(leaf)] if isinstance(leaf, keras.KerasTensor) else leaf

        args, kwargs = keras.tree.map_structure(fill, (call.args, call.kwargs))
        if id(call.layer) in self.edits.instead:
            # Keras notes down mask=None for a layer that could take a mask.
            kwargs = {k: value for k, value in kwargs.items() if value is not None}
        return list(keras.tree.flatten(new(*args, **kwargs)))


def _copy_state(old: keras.Layer, new: keras.Layer) -> None:
    """Give `new`, a copy of `old`, its weights and the state of its random draws."""
    if old.built and not new.built:  # in a Sequential that has no input yet
        new.build_from_config(old.get_build_config())
    _assign(new.variables, old.variables)


def _assign(variables: Sequence[Any], values: Sequence[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        # A copy, because JAX deletes the arrays of a model that it trains.
        variable.assign(keras.ops.copy(value))


def _functional_class(model: keras.Model) -> Any:
    """The class of `model` if its constructor is a functional model's.

    So a subclass with a `train_step` of its own keeps it. Others become a
    `keras.Model`, as in `keras.models.clone_model`.
    """
    signature = inspect.signature(type(model).__init__)
    parameters = list(signature.parameters.values())[1:]
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    passes_on = {p.kind for p in parameters} >= {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }
    is_usual = positional == ["inputs", "outputs", "name"] or passes_on
    return type(model) if is_usual else keras.Model
