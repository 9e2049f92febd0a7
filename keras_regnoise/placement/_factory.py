"""Calling the user's factory, and naming what it returns."""

import re
from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise._keras.graph import Call
from keras_regnoise._keras.sublayers import with_every_layer

Factory = Callable[[keras.Layer], keras.Layer | None]


class NewLayers:
    """Makes the new layers of one edit: checked, with unique and stable names.

    Args:
        factory: The user's function from a layer of the model to a new layer.
        calls: All calls of the model, for the names and layers that are taken.
    """

    def __init__(self, factory: Factory, calls: list[Call]):
        if not callable(factory) or isinstance(factory, keras.Layer):
            raise ValueError(
                "`factory` must be a function from a layer of the model to a new "
                "layer, such as lambda layer: keras.layers.Dropout(0.1). "
                f"Received: factory={factory!r}"
            )
        self.factory = factory
        self.old = [call.layer for call in calls]
        self.names = {layer.name for layer in self.old}
        self.made: list[keras.Layer] = []
        self._inside = {id(p) for layer in self.old for p in with_every_layer(layer)}

    def beside(self, layer: keras.Layer) -> keras.Layer | None:
        """A new layer to stand next to `layer`; None to leave this place out."""
        new = self._make(layer)
        if new is not None:
            own = f"{layer.name}_{_snake(type(new).__name__)}"
            new.name = self._unique(own if _is_auto_named(new) else new.name)
        return new

    def instead(self, layer: keras.Layer) -> keras.Layer | None:
        """A new layer to stand in the place of `layer`, under its name."""
        new = self._make(layer)
        if new is not None:
            auto = _is_auto_named(new)
            new.name = layer.name if auto else self._unique(new.name)
        return new

    def _make(self, layer: keras.Layer) -> keras.Layer | None:
        new = self.factory(layer)
        if new is None:
            return None
        said = f"`factory` returned {new!r} for '{layer.name}'"
        if not isinstance(new, keras.Layer):
            raise ValueError(
                f"{said}. Expected a new Keras layer, or None to leave this one out."
            )
        if _is_in(new, self.old):
            raise ValueError(
                f"{said}, which is a layer of the model itself. Return a new layer, "
                "or None to leave this one as it is."
            )
        if _is_in(new, self.made):
            raise ValueError(
                f"{said} and for another layer before it. One layer in several places "
                "would share its state: make it inside the factory, as in "
                "lambda layer: keras.layers.Dropout(0.1)."
            )
        self.made.append(new)
        self._take_dtype(new, layer)
        return new

    def _take_dtype(self, new: keras.Layer, layer: keras.Layer) -> None:
        """Give a new layer of no dtype policy of its own that of its neighbour.

        Else one that does nothing at inference would round or widen its input.
        """
        policy: Any = getattr(layer, "dtype_policy", None)
        if isinstance(policy, keras.dtype_policies.DTypePolicyMap):
            policy = policy[layer.path]
        if getattr(policy, "quantization_mode", None):
            policy = keras.DTypePolicy(policy.get_config()["source_name"])
        if policy is None or not keras.backend.is_float_dtype(policy.compute_dtype):
            return
        default = keras.config.dtype_policy().name
        for part in with_every_layer(new):
            is_new = id(part) not in self._inside and not part.weights
            if is_new and part.dtype_policy.name == default != policy.name:
                part.dtype_policy = policy.name

    def _unique(self, name: str) -> str:
        unique, number = name, 0
        while unique in self.names:
            number += 1
            unique = f"{name}_{number}"
        self.names.add(unique)
        return unique


def _is_in(layer: Any, layers: list[Any]) -> bool:
    return any(layer is other for other in layers)


def _is_auto_named(layer: keras.Layer) -> bool:
    return bool(re.fullmatch(_snake(type(layer).__name__) + r"(_\d+)?", layer.name))


def _snake(name: str) -> str:
    """`SpatialRotationOut` as `spatial_rotation_out`, the way Keras writes names."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
