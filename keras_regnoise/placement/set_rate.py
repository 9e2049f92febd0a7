"""Another rate for the noise of a model that exists."""

import re
from collections.abc import Iterator
from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise import _backend
from keras_regnoise._arguments import check_rate
from keras_regnoise._keras.kinds import is_of_keras
from keras_regnoise._keras.sublayers import direct_sublayers
from keras_regnoise._typing import Rate
from keras_regnoise.layers import DropConnect, ICLayer, NoiseLayer, WeightNoise
from keras_regnoise.placement._select import Kinds, check_kinds, count
from keras_regnoise.placement._sharing import name_of_layer

_OURS = (NoiseLayer, DropConnect, WeightNoise, ICLayer)
_KERAS = (
    keras.layers.Dropout,  # the spatial dropouts are subclasses
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
)
_HAVE_RATE = (NoiseLayer, DropConnect, WeightNoise, *_KERAS)
# Whose parts work alone; other layers of Keras look at a rate of their own.
_OPEN = (keras.Model, keras.layers.Wrapper, keras.layers.Bidirectional)


def set_rate(
    model: keras.Model,
    rate: Rate,
    *,
    name: str | None = None,
    kinds: Kinds = (keras.Layer,),
) -> list[str]:
    """Change the rate of the noise layers of a model, in place.

    It holds from the next step on, in a model that is compiled and has trained too: in
    `fit`, from a callback's `on_epoch_begin` or `on_epoch_end`. For a rate that changes
    by the step give the layers a `keras.optimizers.schedules.LearningRateSchedule`.

    Changed are the layers of this package that have a `rate`, and Keras's `Dropout`,
    `SpatialDropout1D` to `3D`, `AlphaDropout` and `GaussianDropout`; in nested models,
    wrappers and layers of your own too, and as the `activation` of a layer. Not changed
    are the dropout inside Keras's own layers (attention, recurrent), and noise that has
    another measure than a rate (`GaussianNoise`, `UniformNoise`,
    `WeightNoise(stddev=...)`).

    From one number to another this costs nothing for the layers of this package. For
    Keras's layers, from a rate of 0, and to or from a schedule, compiled functions are
    traced anew: on JAX all that there are, on TensorFlow those of the models with the
    layer, but not a `tf.function` of your own.

    Args:
        model: Any Keras model, also a subclassed one that is built.
        rate: Float in [0, 1), or a schedule, which Keras's layers do not take.
        name: Only layers with this name: a regular expression for the whole name or
            path (`"encoder/dropout_1"`).
        kinds: Only layers of this class, or of one of these classes.

    Returns:
        The paths of the layers that have the rate now.

    Raises:
        ValueError: If the rate is not valid, no layer matches, or a layer cannot have
            the rate. No layer is changed then.

    Example:
        >>> import keras
        >>> from keras_regnoise.layers import RotationOut
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), RotationOut(0.1, name="rotation")]
        ... )
        >>> set_rate(model, 0.3)
        ['rotation']
        >>> model.get_layer("rotation").rate
        0.3
    """
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`model` must be a Keras model. Received: {model!r} (of type "
            f"{type(model).__name__})"
        )
    is_schedule = isinstance(rate, LearningRateSchedule)
    checked = rate if is_schedule else check_rate(rate)
    found = _chosen(model, name, check_kinds("kinds", kinds))
    for _, layer in found:
        _check_takes(layer, checked, is_schedule)
    for _, layer in found:
        if isinstance(layer, _OURS):
            layer.rate = checked
        elif layer.rate != checked:
            layer.rate = checked
            _renew(layer)
    return [path for path, _ in found]


def _renew(layer: keras.Layer) -> None:
    """Have what is compiled with a layer of Keras traced anew."""
    generator = getattr(layer, "seed_generator", None)
    if generator is not None:
        _backend.renew_programs(generator.state)


def _check_takes(layer: keras.Layer, rate: Any, is_schedule: bool) -> None:
    if isinstance(layer, _OURS):
        return
    if is_schedule:
        raise ValueError(
            f"{name_of_layer(layer)} is a layer of Keras, which takes no schedule. "
            "Replace it first, as in keras_regnoise.placement.replace(model, "
            "keras.layers.Dropout, lambda layer: RotationOut(schedule)), or leave it "
            "out by `name` or `kinds`."
        )
    if rate > 0.0 and getattr(layer, "seed_generator", None) is None:
        raise ValueError(
            f"{name_of_layer(layer)} was made with a rate of 0, and Keras gives such a "
            "layer nothing to draw with. Make it with a rate above 0 and set that to "
            "0 instead, or leave it out by `name` or `kinds`."
        )


def _chosen(
    model: keras.Model, name: str | None, kinds: tuple[type, ...]
) -> list[tuple[str, Any]]:
    """The layers with a rate that are meant, and their paths, which may be equal."""
    with_rate = list(_with_rate(model, "", set()))
    try:
        pattern = re.compile(".*" if name is None else name)
    except re.error as error:
        raise ValueError(
            f"`name` must be a regular expression. Received: name={name!r} ({error})."
        ) from error
    found = [
        (path, layer)
        for path, layer in with_rate
        if any(pattern.fullmatch(text) for text in (path, layer.name))
        and isinstance(layer, kinds)
    ]
    if not found:
        present = [f"{type(la).__name__} '{path}'" for path, la in with_rate]
        wanted = f"name={name!r}, kinds={count(cls.__name__ for cls in kinds)}"
        raise ValueError(
            f"No layer of the model with a rate is meant by {wanted}. Those with a "
            f"rate: {', '.join(present) or 'none'}. `name` is a regular expression for "
            "the whole name or path."
        )
    return found


def _with_rate(
    parent: keras.Layer, prefix: str, seen: set[int]
) -> Iterator[tuple[str, Any]]:
    for layer in direct_sublayers(parent):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        path = prefix + layer.name
        if isinstance(layer, ICLayer) and isinstance(layer.noise, NoiseLayer):
            seen.add(id(layer.noise))  # its rate is the layer's
            yield path, layer
        elif isinstance(layer, _HAVE_RATE) and layer.rate is not None:
            yield path, layer
        if isinstance(layer, _OPEN) or not is_of_keras(type(layer)):
            yield from _with_rate(layer, f"{path}/", seen)
            continue
        activation = getattr(layer, "activation", None)
        if isinstance(activation, NoiseLayer) and id(activation) not in seen:
            seen.add(id(activation))
            yield f"{path}/{activation.name}", activation
