"""The layers of a model: which there are, and which one is meant."""

from typing import Any

import keras

from keras_regnoise._keras.kinds import is_weight_layer, unwrapped
from keras_regnoise._keras.sublayers import direct_sublayers, every_layer
from keras_regnoise._warn import warn
from keras_regnoise.layers import CrossNormalization
from keras_regnoise.layers._base.weight_wrapper import WeightWrapper

# These call what they hold in a loop, out of which no tensor can be taken, or do its
# work themselves.
_CLOSED = (
    keras.layers.RNN,
    keras.layers.TimeDistributed,
    keras.layers.Bidirectional,
    WeightWrapper,
)


def check_model(model: Any) -> None:
    """Raise a ValueError unless `model` is a Keras model that has its weights."""
    if not isinstance(model, keras.Model):
        raise ValueError(
            "`model` must be a Keras model: functional, Sequential or subclassed. "
            f"Received: {model!r} (of type {type(model).__name__})"
        )
    if not model.built:
        raise ValueError(
            f"{type(model).__name__} '{model.name}' is not built yet and has no "
            "weights. Call it on a batch first, as in model(x[:1]), or start it with "
            "keras.Input."
        )


def observable_layers(model: keras.Model) -> dict[str, keras.Layer]:
    """The layers whose inputs and outputs can be seen, by path, in order.

    The path is the name after the names of the models and layers that hold it, as in
    `"encoder/dense_1"`. What a recurrent or a time-distributed layer, or one with noisy
    weights, holds is left out.
    """
    found: dict[str, keras.Layer] = {}
    seen: set[int] = set()

    def visit(parent: keras.Layer, prefix: str) -> None:
        for layer in direct_sublayers(parent):
            if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
                continue
            seen.add(id(layer))
            path, number = prefix + layer.name, 1
            while path in found:
                number += 1
                path = f"{prefix}{layer.name}_{number}"
            found[path] = layer
            if not isinstance(layer, _CLOSED):
                visit(layer, f"{path}/")

    visit(model, "")
    return found


def select_layers(model: keras.Model, layers: Any) -> dict[str, keras.Layer]:
    """The layers of `model` that `layers` means, by path, in the order of the model.

    Args:
        model: A Keras model.
        layers: One of these, or an iterable of them: a layer, a layer class, the name
            of a layer, or its path.

    Raises:
        ValueError: If one of them means no layer.
    """
    check_model(model)
    observable = observable_layers(model)
    wanted = [layers] if isinstance(layers, str | type | keras.Layer) else list(layers)
    for item in wanted:
        if not any(_is_meant(path, layer, item) for path, layer in observable.items()):
            raise ValueError(
                f"No layer of the model is {item!r}. Expected layers, layer classes, "
                "names or paths of layers. What a recurrent or time-distributed layer, "
                "or one with noisy weights, holds cannot be seen. "
                f"Layers: {', '.join(observable) or 'none'}"
            )
    chosen = {
        path: layer
        for path, layer in observable.items()
        if any(_is_meant(path, layer, item) for item in wanted)
    }
    if not chosen:
        raise ValueError(f"No layer was named. Received: layers={layers!r}")
    return chosen


def _is_meant(path: str, layer: keras.Layer, item: Any) -> bool:
    if isinstance(item, str):
        return item in (path, layer.name)
    if isinstance(item, type):
        return isinstance(layer, item)
    return layer is item


def check_called(
    model: keras.Model, noisy: list[keras.Layer], called: set[int]
) -> None:
    """Raise `ValueError` if no noise layer was called, warn if some were not.

    Args:
        model: The model.
        noisy: The layers that were to add noise.
        called: The identities of those that were called.
    """
    missing = [layer.name for layer in noisy if id(layer) not in called]
    if not missing:
        return
    text = (
        f"The model does not call these noise layers: {', '.join(missing)}. What calls "
        "them under `if training:` has to run in training mode itself: in mc_predict "
        f"name its class, also={type(model).__name__}."
    )
    if len(missing) == len(noisy):
        raise ValueError(f"There is no noise. {text}")
    warn(f"A part of the noise is missing. {text}")


def weight_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers with a kernel: dense, convolutional and the like."""
    check_model(model)
    layers = observable_layers(model).values()
    found = [
        layer
        for layer in layers
        if is_weight_layer(layer) and hasattr(unwrapped(layer), "kernel")
    ]
    if not found:
        raise ValueError(
            "The model has no layer with a kernel, such as Dense or Conv2D. Say which "
            "layers you mean with `layers`."
        )
    return found


def normalizations(model: keras.Model) -> list[keras.Layer]:
    """The layers that normalize by the batch in training, wherever they are."""
    kinds = (keras.layers.BatchNormalization, CrossNormalization)
    return [layer for layer in every_layer(model) if isinstance(layer, kinds)]


def batch_normalizations(model: keras.Model) -> dict[str, keras.Layer]:
    """The BatchNormalization layers, by path, in order.

    Raises:
        ValueError: If there is none, or one that cannot be seen.
    """
    check_model(model)
    kind = keras.layers.BatchNormalization
    found = {
        path: layer
        for path, layer in observable_layers(model).items()
        if isinstance(layer, kind)
    }
    every = [layer for layer in every_layer(model) if isinstance(layer, kind)]
    hidden = [layer.name for layer in every if layer not in found.values()]
    if hidden:
        raise ValueError(
            "BatchNormalization inside a recurrent or time-distributed layer, or one "
            f"with noisy weights, cannot be seen. Found there: {', '.join(hidden)}. "
            "Take it out: BatchNormalization of a sequence needs no TimeDistributed."
        )
    if not found:
        raise ValueError("The model has no BatchNormalization layer.")
    return found
