"""What a copy takes over from its original: weights, flags, what it was told."""

import contextlib
import functools
from collections.abc import Container, Iterator, Sequence
from typing import Any

import keras

from keras_regnoise._keras.kinds import is_of_keras
from keras_regnoise._keras.sublayers import direct_sublayers, every_layer
from keras_regnoise._warn import warn
from keras_regnoise.placement._copying import Pair
from keras_regnoise.placement._sharing import name_of_layer


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
            f"{name_of_layer(old)} cannot be copied: its variables have the shapes "
            f"{shapes[0]} and those of the copy, made by `from_config(get_config())`, "
            f"{shapes[1]}. Layers that it holds twice, or weights added after it was "
            "built, are not in its config."
        )
    for one, other in zip(
        *(_parts(layer, known) for layer in (old, new)), strict=False
    ):
        if type(one) is type(other):
            _copy_flags(one, other)
            _warn_of_lost(one, other)
    for other, own in zip(others, mine, strict=True):
        other.trainable = own.trainable
        # What a variable was told is in no config; and what a layer was told after it
        # was built is there, and has no effect in Keras.
        other.regularizer, other.constraint = own.regularizer, own.constraint
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
        warn(
            f"The copy of {name_of_layer(old)} is another one: {'; '.join(lost)}. Let "
            "its `get_config` return that, if it matters.",
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
