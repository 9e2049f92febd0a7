"""Reading a Keras model: which layer is called where, on which tensors.

This is the one place that looks at the private side of Keras's graph (the nodes
of a functional model and the functional model inside a `Sequential`).
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer (or of a raw operation such as `keras.ops.relu`).

    Attributes:
        layer: What is called.
        path: Its name after the names of the nested models that hold it, as in
            `"encoder/dense_1"`.
        key: Tells the calls of one model apart.
        args: The positional arguments of the call.
        kwargs: The keyword arguments of the call.
        outputs: The tensors that the call returned, flat.
        shapeless: Whether the call stands in a `Sequential` that has no input
            yet, so that its tensors are not known.
    """

    layer: keras.Operation
    path: str
    key: Hashable
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
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
    """Whether `layer` is a model whose layers can be seen: functional, Sequential."""
    return isinstance(layer, keras.Sequential) or (
        isinstance(layer, keras.Model) and isinstance(layer, keras.Function)
    )


def check_model(model: Any) -> None:
    """Raise a ValueError unless `model` is one that placement can edit."""
    if is_graph(model):
        return
    if isinstance(model, keras.Model):
        raise ValueError(
            f"{type(model).__name__} '{model.name}' is a subclassed model: it calls "
            "its layers in Python code, which cannot be edited. Expected a functional "
            "or a Sequential model. Put the layer into the class itself, or write "
            "the model with the functional API: keras.Model(inputs, outputs)."
        )
    raise ValueError(
        "`model` must be a functional or a Sequential Keras model. "
        f"Received: {model!r} (of type {type(model).__name__})."
    )


def calls(model: keras.Model, prefix: str = "") -> list[Call]:
    """The calls that `model` makes, in the order in which Keras runs them.

    Calls inside nested models are not listed: a nested model is one layer.
    """
    graph = model._functional if isinstance(model, keras.Sequential) else model
    if graph is None:
        return [
            Call(layer, prefix + layer.name, (id(model), position), shapeless=True)
            for position, layer in enumerate(model.layers)
        ]
    return [
        Call(
            layer=node.operation,
            path=prefix + node.operation.name,
            key=id(node),
            args=node.arguments.args,
            kwargs=node.arguments.kwargs,
            outputs=tuple(node.outputs),
        )
        for depth in sorted(graph._nodes_by_depth, reverse=True)
        for node in graph._nodes_by_depth[depth]
    ]


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
    leaves = keras.tree.flatten(structure)
    return [leaf for leaf in leaves if isinstance(leaf, keras.KerasTensor)]


def _distinct_floats(tensors: Any) -> list[Any]:
    floats = [t for t in tensors if keras.backend.is_float_dtype(t.dtype)]
    return list({id(tensor): tensor for tensor in floats}.values())
