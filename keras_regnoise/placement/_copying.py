"""Copies of layers that share nothing with the original."""

import contextlib
import copy
import functools
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any

import keras

from keras_regnoise._keras.hooks import objects_by_name
from keras_regnoise._keras.kinds import is_of_keras
from keras_regnoise._keras.sublayers import (
    direct_sublayers,
    every_layer,
    output_shape_of_lambda,
)

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
                f"{_name(layer)} holds {_name(old)}, and its copy cannot be made to "
                "hold the same one as the other layers that use it: they would drift "
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


def pairs(
    old: keras.Operation, new: keras.Operation, held: Sequence[Pair]
) -> Iterator[Pair]:
    """The built layers in `old` and their copies in `new`, those `held` left out."""
    if old.built:
        yield old, new
        return
    known = {id(layer) for pair in held for layer in pair}
    parts = [
        [part for part in direct_sublayers(layer) if id(part) not in known]
        for layer in (old, new)
    ]
    with contextlib.suppress(ValueError):  # what is not alike has no state to copy
        for one, other in zip(*parts, strict=True):
            yield from pairs(one, other, held)


def copy_state(
    old: keras.Layer,
    new: keras.Layer,
    held: Sequence[Pair] = (),
    kept: Container[int] | None = None,
) -> None:
    """Give `new`, a copy of `old`, its weights and the state of its random draws.

    Not those of the layers `held`, which are other ones in the copy. If `kept` has ids
    of variables, these alone.
    """
    if old.built and not new.built:  # in a Sequential that has no input yet
        new.build_from_config(old.get_build_config())
    known = {id(layer) for pair in held for layer in pair}
    mine, others = (_variables(layer, known) for layer in (old, new))
    shapes = [[tuple(v.shape) for v in variables] for variables in (mine, others)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{_name(old)} cannot be copied: its variables have the shapes {shapes[0]} "
            f"and those of the copy, made by `from_config(get_config())`, {shapes[1]}. "
            "Layers that it holds twice, or weights added after it was built, are "
            "not in its config."
        )
    for one, other in zip(
        *(_parts(layer, known) for layer in (old, new)), strict=False
    ):
        if type(one) is type(other):
            _copy_flags(one, other)
            _warn_of_lost(one, other)
    for other, own in zip(others, mine, strict=True):
        other.trainable = own.trainable
        if kept is None or id(own) in kept:
            assign([other], [own])
    for part in (new, *every_layer(new)):
        if isinstance(part, keras.layers.Normalization):
            part.finalize_state()  # computes with constants made of its weights


def _parts(layer: keras.Layer, left_out: Container[int]) -> list[keras.Layer]:
    """A layer and those that it holds, without some of these; the outer ones first."""
    inside = (p for p in direct_sublayers(layer) if id(p) not in left_out)
    return [layer, *(part for held in inside for part in _parts(held, left_out))]


def _copy_flags(old: keras.Layer, new: keras.Layer) -> None:
    """Copy what a layer may be told after it was made, and its config leaves out."""
    if new.trainable != old.trainable:
        new.trainable = old.trainable
    # Keras builds a layer with LoRA anew with the default of it.
    if getattr(new, "lora_alpha", None) != getattr(old, "lora_alpha", None):
        new.lora_alpha = old.lora_alpha


def copy_attributes(old: keras.Model, new: keras.Model) -> keras.Model:
    """Give a model of the user's class what it was told after it was made."""
    if type(new) is type(old) and not is_of_keras(type(old)):
        for key, value in _plain_attributes(old).items():
            setattr(new, key, value)
    return new


def _warn_of_lost(old: keras.Layer, new: keras.Layer) -> None:
    """Warn of what a layer of the user's is told and its config does not say."""
    if is_of_keras(type(old)):
        return
    others = vars(new)
    lost = [
        f"{key} is {value!r}, in the copy {others[key]!r}"
        for key, value in _plain_attributes(old).items()
        if key in others and _differ(value, others[key])
    ]
    if lost:
        warnings.warn(
            f"The copy of {_name(old)} is another one: {'; '.join(lost)}. Let its "
            "`get_config` return that, if it matters.",
            stacklevel=2,
        )


def _differ(value: Any, other: Any) -> bool:
    if other is not None and not isinstance(other, int | float | str):
        return False  # it is kept as something else, which can't be compared
    both_nan = value != value and other != other
    return bool(value != other) and not both_nan


def _plain_attributes(layer: keras.Layer) -> dict[str, Any]:
    """The numbers, texts and truth values that are not Keras's own."""
    return {
        key: value
        for key, value in vars(layer).items()
        if isinstance(value, int | float | str)
        and not key.startswith("_")
        and key not in _of_keras()
    }


@functools.cache
def _of_keras() -> frozenset[str]:
    """The attributes that every layer or model has."""
    layer, model = keras.layers.Layer(name="layer"), keras.Model(name="model")
    return frozenset((*vars(layer), *vars(model), "stop_training"))


def _variables(layer: keras.Layer, left_out: Container[int]) -> list[Any]:
    """The variables of a layer, without those of some layers in it."""
    of_others = {
        id(variable)
        for part in every_layer(layer)
        if id(part) in left_out
        for variable in part.variables
    }
    return [v for v in layer.variables if id(v) not in of_others]


def assign(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Give variables the values of others, or of arrays."""
    for variable, value in zip(variables, values, strict=True):
        # A copy, because JAX deletes the arrays of a model that it trains.
        variable.assign(keras.ops.copy(value))


def _name(layer: keras.Operation) -> str:
    return f"{type(layer).__name__} '{layer.name}'"
