"""The layers of a model that have an activation, and the place right before it."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from keras_regnoise._keras.graph import calls
from keras_regnoise._keras.kinds import (
    is_activation,
    is_activation_layer,
    only_arranges,
)


def place(layer: keras.layers.Layer) -> tuple[str, Callable[..., Any]]:
    """Where a layer has its pre-activation: attribute to wrap, and on which side."""
    if is_activation_layer(layer):
        return "call", _before
    if is_activation(layer):
        return "activation", _before
    return "call", _after


def _before(function: Callable[..., Any], hook: Callable[[Any], None]) -> Any:
    @functools.wraps(function)
    def wrapped(x: Any, *arguments: Any, **keywords: Any) -> Any:
        hook(x)
        return function(x, *arguments, **keywords)

    return wrapped


def _after(function: Callable[..., Any], hook: Callable[[Any], None]) -> Any:
    @functools.wraps(function)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        outputs = function(*arguments, **keywords)
        hook(outputs)
        return outputs

    return wrapped


def targets(
    model: keras.Model, names: tuple[str, ...] | None
) -> dict[str, keras.layers.Layer]:
    """Find the layers to take the loss at, by their path in the model."""
    leaves = list(_leaves(model))
    layers = dict(leaves)
    if names is None:
        outputs = _output_layers(model)
        chosen = [
            (path, layer)
            for path, layer in leaves
            if is_activation(layer) and layer not in outputs
        ]
        found = dict(chosen)
        _check_names([path for path, _ in chosen])
        if not found:
            raise ValueError(
                "The model has no hidden activation to take the Variance Constancy "
                "Loss before. Name the layers whose output it should be taken of: "
                f"layers=[...], out of {list(layers)}. Received: layers=None"
            )
        return found
    unknown = [name for name in names if name not in layers]
    if unknown:
        raise ValueError(
            f"`layers` must be names of layers of model '{model.name}': "
            f"{list(layers)}. Received: layers={list(names)}, of which {unknown} "
            f"are not among them."
        )
    _check_names([path for path, _ in leaves if path in names])
    return {name: layers[name] for name in names}


def _check_names(paths: list[str]) -> None:
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        raise ValueError(
            "Layers that the Variance Constancy Loss is taken at need names of their "
            f"own. Received several layers called {', '.join(map(repr, twice))}"
        )


def _leaves(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer, f"{prefix}{layer.name}/")
        else:
            yield f"{prefix}{layer.name}", layer


def _output_layers(model: keras.Model) -> list[Any]:
    """Return the layers that make the outputs of a functional or Sequential model.

    What only reshapes, casts or joins them does not make them.
    """
    if not isinstance(model, keras.Sequential | keras.Function):
        return []
    pending = keras.tree.flatten(getattr(model, "outputs", []))
    makers = {id(tensor): call for call in calls(model) for tensor in call.outputs}
    found: list[Any] = []
    while pending:
        call = makers[id(pending.pop())]
        if isinstance(call.layer, keras.Model):
            found += _output_layers(call.layer)
        elif only_arranges(call.layer):
            pending += call.tensors
        else:
            found.append(call.layer)
    return found
