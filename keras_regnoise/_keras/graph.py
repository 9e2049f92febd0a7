"""Reading a Keras model: which layer is called where, on which tensors."""

import inspect
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_regnoise._keras.model_classes import computes_otherwise


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer (or of a raw operation such as `keras.ops.relu`).

    Attributes:
        layer: What is called.
        path: Its name after the names of the nested models that hold it, as in
            `"encoder/dense_1"`.
        key: Tells the calls of one model apart.
        args: The positional arguments of the call.
        kwargs: The keyword arguments of the call, without the masks that Keras
            handed on with its tensors.
        masked: The tensors of those masks, by the names of the masks.
        outputs: The tensors that the call returned, flat.
        shapeless: Whether the call stands in a `Sequential` that has no input
            yet, so that its tensors are not known.
    """

    layer: keras.Operation
    path: str
    key: Hashable
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    masked: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[Any, ...] = ()
    shapeless: bool = False

    @property
    def tensors(self) -> list[Any]:
        """Every tensor that the call was made on, flat."""
        return _tensors((self.args, self.kwargs))

    @property
    def entering(self) -> list[Any]:
        """The tensors that noise may be put on before the call.

        These are the distinct floating-point tensors among the positional
        arguments, or among the keyword arguments if those are all there is: the
        query and the values of an attention layer, but not its mask.
        """
        if self.shapeless:
            return [None]
        return _distinct_floats(_tensors(self.args) or _tensors(self.kwargs))

    @property
    def leaving(self) -> list[Any]:
        """The tensors that noise may be put on after the call."""
        return [None] if self.shapeless else _distinct_floats(self.outputs)


def is_graph(layer: Any) -> bool:
    """Whether `layer` is a model whose layers can be seen and edited.

    Those are functional and Sequential ones, but for classes with a `call` of their own
    that does not go through those layers, or would be lost with the class.
    """
    is_made_of_layers = isinstance(layer, keras.Sequential) or (
        isinstance(layer, keras.Model) and isinstance(layer, keras.Function)
    )
    return is_made_of_layers and not computes_otherwise(layer)


def calls(model: keras.Model, prefix: str = "") -> list[Call]:
    """The calls that `model` makes, in the order in which Keras runs them.

    Calls inside nested models are not listed: a nested model is one layer. Nor are
    the operations behind the masks that Keras hands from layer to layer: new
    tensors have new ones.
    """
    if not isinstance(model, keras.Sequential):
        return _needed(_calls_of_nodes(model, prefix), model.outputs)
    if model._functional is None:
        return [
            Call(layer, prefix + layer.name, (id(model), position), shapeless=True)
            for position, layer in enumerate(model.layers)
        ]
    return _needed(_calls_of_nodes(model._functional, prefix), model.outputs)


def _calls_of_nodes(model: keras.Model, prefix: str) -> list[Call]:
    found = []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            args, kwargs = node.arguments.args, node.arguments.kwargs
            masked = _handed_masks(node.operation, args, kwargs)
            call = Call(
                layer=node.operation,
                path=prefix + node.operation.name,
                key=id(node),
                args=args,
                kwargs={k: value for k, value in kwargs.items() if k not in masked},
                masked=masked,
                outputs=tuple(node.outputs),
            )
            found.append(call)
    return found


def _handed_masks(
    layer: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The masks of a call that Keras filled in, and the tensors that they belong to."""
    masks = [name for name in kwargs if name == "mask" or name.endswith("_mask")]
    if not masks or not isinstance(layer, keras.Layer):
        return {}
    signature = inspect.signature(layer.call)
    named = {k: v for k, v in kwargs.items() if k in signature.parameters}
    given = signature.bind_partial(*args, **named).arguments
    masked = {}
    for name in masks:
        owners = [k for k, v in given.items() if k != name and _tensors(v)]
        if name != "mask":
            owners = [k for k in owners if k == name.removesuffix("_mask")]
        if len(owners) == 1 and name in given:
            tensors = given[owners[0]]
            pairs = zip(_leaves(tensors), _leaves(given[name]), strict=False)
            if all(mask_of(tensor) is mask for tensor, mask in pairs):
                masked[name] = tensors
    return masked


def _needed(found: list[Call], outputs: list[Any]) -> list[Call]:
    """The calls that the outputs depend on, and those of the inputs."""
    used = {id(tensor) for tensor in outputs}
    kept = []
    for call in reversed(found):
        is_input = isinstance(call.layer, keras.layers.InputLayer)
        if is_input or not used.isdisjoint(map(id, call.outputs)):
            kept.append(call)
            used.update(map(id, call.tensors))
    return kept[::-1]


def mask_of(tensor: Any) -> Any:
    """The mask that goes with a symbolic tensor; None if it has none."""
    return getattr(tensor, "_keras_mask", None)


def graphs(model: keras.Model) -> Iterator[tuple[keras.Model, list[Call]]]:
    """`model` and the models nested in it, each once, with the calls it makes."""
    seen = {id(model)}
    pending = [(model, "")]
    while pending:
        graph, prefix = pending.pop(0)
        found = calls(graph, prefix)
        yield graph, found
        for call in found:
            if is_graph(call.layer) and id(call.layer) not in seen:
                seen.add(id(call.layer))
                pending.append((call.layer, f"{call.path}/"))


def walk(model: keras.Model) -> list[Call]:
    """All calls of `model` and of the models nested in it."""
    return [call for _, found in graphs(model) for call in found]


def layer_calls(model: keras.Model) -> list[Call]:
    """All calls but those of the input layers, which are no real calls."""
    inputs = keras.layers.InputLayer
    return [call for call in walk(model) if not isinstance(call.layer, inputs)]


def distinct_layers(found: list[Call]) -> list[keras.Operation]:
    """What is called, each layer once."""
    return list({id(call.layer): call.layer for call in found}.values())


def _tensors(structure: Any) -> list[Any]:
    return [leaf for leaf in _leaves(structure) if isinstance(leaf, keras.KerasTensor)]


def _leaves(structure: Any) -> list[Any]:
    return list(keras.tree.flatten(structure))


def _distinct_floats(tensors: Any) -> list[Any]:
    floats = [t for t in tensors if keras.backend.is_float_dtype(t.dtype)]
    return list({id(tensor): tensor for tensor in floats}.values())
