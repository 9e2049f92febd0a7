"""The layers that a layer holds."""

from collections.abc import Iterator
from typing import Any

import keras


def every_layer(model: keras.Layer) -> list[keras.Layer]:
    """Every layer that `model` holds, however deep, each once."""
    found = {id(layer): layer for layer in model._flatten_layers(include_self=False)}
    return list(found.values())


def with_every_layer(thing: Any) -> list[Any]:
    """A layer and every layer that it holds; an operation alone."""
    is_layer = isinstance(thing, keras.Layer)
    return [thing, *every_layer(thing)] if is_layer else [thing]


def direct_sublayers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers that `layer` holds itself."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def paths(
    parent: keras.Layer, prefix: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, keras.Layer]]:
    """Every layer that `parent` holds, once, with the names on the way to it."""
    seen = set() if seen is None else seen
    for layer in direct_sublayers(parent):
        if id(layer) not in seen:
            seen.add(id(layer))
            yield f"{prefix}{layer.name}", layer
            yield from paths(layer, f"{prefix}{layer.name}/", seen)


def output_shape_of_lambda(layer: keras.layers.Lambda) -> Any:
    """The `output_shape` that a Lambda layer was made with."""
    return layer._output_shape
