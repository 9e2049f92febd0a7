"""Copies of layers that share nothing with the original."""

import contextlib
import copy
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

import keras

from keras_regnoise._keras.hooks import objects_by_name
from keras_regnoise._keras.kinds import is_of_keras
from keras_regnoise._keras.sublayers import every_layer, output_shape_of_lambda
from keras_regnoise.placement._sharing import name_of_layer

Pair = tuple[keras.Operation, keras.Operation]
_HELD = "keras_regnoise>held"


def copy_layer(
    layer: keras.Operation, held: Sequence[Pair] = (), **changes: Any
) -> keras.Operation:
    """A copy of `layer`, without its weights.

    Args:
        layer: A layer or an operation.
        held: Layers that `layer` holds, and what its copy holds in their place.
            Others are copied with it.
        **changes: Entries of its config that are other ones in the copy.

    Raises:
        ValueError: If the layer cannot be copied, or not with `held`.
    """
    if isinstance(layer, keras.layers.Lambda):
        return _copy_lambda(layer)
    if hasattr(layer, "adapt"):
        # What such a layer has learned is not all in its weights and its config.
        return copy.deepcopy(layer)
    sublayers = every_layer(layer) if isinstance(layer, keras.Layer) else []
    known = {id(old) for old, _ in held}
    fragile = [
        (old, copy_layer(old))
        for old in sublayers
        if id(old) not in known
        and (isinstance(old, keras.layers.Lambda) or hasattr(old, "adapt"))
    ]
    parts = [*held, *fragile]
    try:
        config = {**layer.get_config(), **changes}
        functions = {k: getattr(layer, k, None) for k in config if k not in changes}
        functions = {k: v for k, v in functions.items() if _is_own_function(v)}
        new = None
        if functions:
            # The objects themselves, where the constructor gets what is in the config:
            # several functions may have one name.
            with contextlib.suppress(Exception):
                new = _from_config(layer, {**config, **functions}, parts)
        if new is None:
            new = _from_config(layer, config, parts)
    except Exception as error:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' cannot be copied: its "
            "`from_config(get_config())` fails. Give it a constructor that takes "
            "`**kwargs` (name, dtype, ...), and a `get_config` that returns all of its "
            "arguments, layers among them by keras.saving.serialize_keras_object. "
            f"Keras said: {error}"
        ) from error
    _check_holds(new, layer, held)
    taken = {id(instead) for _, instead in parts}
    for old, own in zip(sublayers, every_layer(new) if fragile else (), strict=False):
        if id(own) not in taken and type(own) is type(old):
            _fill_tables(own, old)  # made by the constructor, and in no config
    return new


def _check_holds(new: keras.Layer, layer: keras.Layer, held: Sequence[Pair]) -> None:
    holds = {id(sublayer) for sublayer in every_layer(new)} if held else set()
    for old, instead in held:
        if id(instead) not in holds:
            raise ValueError(
                f"{name_of_layer(layer)} holds {name_of_layer(old)}, and its copy "
                "cannot be made to hold the same one as the other layers that use it: "
                "they would drift "
                "apart. Let its `get_config` return that layer by "
                "keras.saving.serialize_keras_object, under a name that no other "
                "layer in it has, or call the layer in the model itself."
            )


def _fill_tables(new: Any, old: Any) -> None:
    """Give a layer what another one looks up, in the way of a `.keras` file."""
    if not hasattr(old, "save_assets"):
        return
    own: dict[str, Any] = {}
    old.save_own_variables(own)
    new.load_own_variables(own)
    with tempfile.TemporaryDirectory() as folder:
        old.save_assets(folder)
        new.load_assets(folder)


def _from_config(layer: Any, config: Any, held: Sequence[Pair]) -> Any:
    """A layer of the same class, with the objects `held` where their configs are."""
    places = {(type(old).__name__, old.name): new for old, new in held}
    scope = _own_objects(layer)
    if places:
        config, scope[_HELD] = _replaced(config, places), _Held(places.values())
    with objects_by_name(scope):
        return type(layer).from_config(config)


def _own_objects(layer: Any) -> dict[str, Any]:
    """By name, the user's classes and functions that the config of `layer` may name.

    None of two that have one name: Keras then finds what is registered, or nothing.
    """
    found: dict[str, set[Any]] = defaultdict(set)
    for part in (layer, *every_layer(layer)) if hasattr(layer, "weights") else (layer,):
        for value in (type(part), *vars(part).values()):
            if hasattr(value, "get_config") and not isinstance(value, type):
                value = type(value)
            if isinstance(value, type) or _is_own_function(value):
                found[value.__name__].add(value)
                found[keras.saving.get_registered_name(value)].add(value)
    single = {name: next(iter(each)) for name, each in found.items() if len(each) == 1}
    return {name: each for name, each in single.items() if not is_of_keras(each)}


def _is_own_function(value: Any) -> bool:
    return isinstance(value, FunctionType) and not is_of_keras(value)


class _Held:
    """Stands in a config for layers that exist; is deserialized to them."""

    def __init__(self, layers: Any):
        self.layers = list(layers)

    def from_config(self, config: Mapping[str, int]) -> keras.Operation:
        return self.layers[config["number"]]


def _replaced(config: Any, places: Mapping[tuple[str, str], keras.Operation]) -> Any:
    """A config with other entries for the layers of some class and name."""
    if isinstance(config, list | tuple):
        return type(config)(_replaced(item, places) for item in config)
    if not isinstance(config, dict):
        return config
    inner = config.get("config")
    if "class_name" in config and isinstance(inner, dict):
        place = str(config["class_name"]), str(inner.get("name"))
        if place in places:
            number = list(places).index(place)
            entry = {"module": None, "class_name": "held", "registered_name": _HELD}
            # A functional model also notes down how its layers are called.
            kept = {k: config[k] for k in ("name", "inbound_nodes") if k in config}
            return {**entry, "config": {"number": number}, **kept}
    return {key: _replaced(value, places) for key, value in config.items()}


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
