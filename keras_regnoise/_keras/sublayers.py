"""The layers that a layer holds."""

from typing import Any

import keras


def every_layer(model: keras.Layer) -> list[keras.Layer]:
    """Every layer that `model` holds, however deep, each once."""
    found = {id(layer): layer for layer in model._flatten_layers(include_self=False)}
    return list(found.values())


def direct_sublayers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers that `layer` holds itself."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def output_shape_of_lambda(layer: keras.layers.Lambda) -> Any:
    """The `output_shape` that a Lambda layer was made with."""
    return layer._output_shape
