"""Attributes and calls that are other ones for a while."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

Function = Callable[..., Any]


@contextmanager
def replaced_attribute(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an object another attribute for a while, whether or not it has its own."""
    before, is_own = getattr(owner, name), name in vars(owner)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if is_own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


@contextmanager
def replaced_call(
    layer: keras.Layer, change: Callable[[Function], Function]
) -> Iterator[None]:
    """Let one layer, and not its class, run `change(call)` in place of `call`."""
    name = "call"
    if getattr(layer, "quantization_mode", None) is not None:
        name = "quantized_call"
    # Not setattr: the backends' layers keep a record of what is set on them.
    own = vars(layer)
    was = {name: own[name]} if name in own else {}
    own[name] = change(getattr(layer, name))
    try:
        yield
    finally:
        del own[name]
        own.update(was)


@contextmanager
def objects_by_name(objects: Mapping[str, Any]) -> Iterator[None]:
    """Let Keras find classes and functions by these names for a while.

    In a `keras.saving.custom_object_scope`, what is registered under a name comes first
    inside a second object.
    """
    registered = keras.saving.get_custom_objects()
    before = dict(registered)
    registered.update(objects)
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)


def clear_losses(layer: keras.Layer) -> None:
    """Forget the losses of a layer's last call, as Keras does before the next one."""
    layer._clear_losses()


def take_off_activity_regularizer(
    layer: keras.Layer, is_meant: Callable[[Any], bool]
) -> None:
    """Leave a layer without its activity regularizer, if it is one that is meant."""
    if is_meant(layer.activity_regularizer):
        layer.activity_regularizer = None
    # Where MultiHeadAttention keeps that of the layers in it.
    if is_meant(getattr(layer, "_activity_regularizer", None)):
        layer._activity_regularizer = None


def draw_from(layer: keras.Layer, generator: Any) -> None:
    """Let an augmentation layer take its seeds from `generator`."""
    layer._get_seed_generator = lambda backend=None: generator
