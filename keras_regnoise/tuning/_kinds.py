"""The kinds of noise that a search can choose from, by name."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_regnoise._arguments import check_rate, message
from keras_regnoise.layers import (
    DropActivation,
    ICLayer,
    RotationOut,
    SpatialRotationOut,
)

Factory = Callable[..., keras.Layer]
Kinds = Sequence[str | tuple[str, Factory]]

NONE = "none"
DROP_ACTIVATION = "dropactivation"

_SPATIAL_DROPOUT = {
    4: keras.layers.SpatialDropout2D,
    5: keras.layers.SpatialDropout3D,
}


@dataclass(frozen=True)
class Place:
    """The tensor that a layer of noise will be called on.

    Attributes:
        rank: Its rank, batch axis included; None if it is not known.
        data_format: `"channels_last"` or `"channels_first"`; None where the channels
            stand behind steps of time, and so are neither.
        activation: That of `DropActivation`, whose place it takes.
    """

    rank: int | None = None
    data_format: str | None = "channels_last"
    activation: str = "relu"


Make = Callable[[float, int | None, Place], keras.Layer]


def _dropout(rate: float, seed: int | None, place: Place) -> keras.Layer:
    return keras.layers.Dropout(rate, seed=seed)


def _spatial_dropout(rate: float, seed: int | None, place: Place) -> keras.Layer:
    if place.rank is None:
        raise ValueError(
            "'spatialdropout' is another Keras layer for each rank. Say which: "
            "noise(..., rank=3) for sequences, 4 for images, 5 for volumes."
        )
    if place.rank in _SPATIAL_DROPOUT:
        kind = _SPATIAL_DROPOUT[place.rank]
        return kind(rate, data_format=_data_format(place), seed=seed)
    if place.rank != 3:
        return _dropout(rate, seed, place)
    if _data_format(place) == "channels_last":
        return keras.layers.SpatialDropout1D(rate, seed=seed)
    # Which knows no other format: of channels first it would drop time steps.
    return keras.layers.Dropout(rate, noise_shape=(None, None, 1), seed=seed)


def _rotation_out(rate: float, seed: int | None, place: Place) -> keras.Layer:
    if place.rank in (None, 2):
        return RotationOut(rate, seed=seed)
    return _spatial_rotation_out(rate, seed, place)


def _spatial_rotation_out(rate: float, seed: int | None, place: Place) -> keras.Layer:
    if place.rank == 2:
        return RotationOut(rate, seed=seed)
    return SpatialRotationOut(rate, data_format=_data_format(place), seed=seed)


def _ic_layer(rate: float, seed: int | None, place: Place) -> keras.Layer:
    first = place.rank != 2 and _data_format(place) == "channels_first"
    axis = 1 if first else -1
    return ICLayer(rate, axis=axis, seed=seed)


def _drop_activation(rate: float, seed: int | None, place: Place) -> keras.Layer:
    return DropActivation(place.activation, rate, seed)


def _data_format(place: Place) -> str:
    if place.data_format is None:
        raise ValueError(
            "The model goes through steps of time (TimeDistributed or ConvLSTM) with "
            "data_format='channels_first', so that its channels are axis 2; this kind "
            "of noise takes axis 1 or the last one for them. Build the model with "
            "data_format='channels_last', take 'dropout', or put the noise in yourself."
        )
    return place.data_format


_BY_NAME: dict[str, Make] = {
    "dropout": _dropout,
    "spatialdropout": _spatial_dropout,
    "rotationout": _rotation_out,
    "spatialrotationout": _spatial_rotation_out,
    "iclayer": _ic_layer,
    DROP_ACTIVATION: _drop_activation,
}


def check_space(layers: Any, rates: Any) -> tuple[dict[str, Make], tuple[float, ...]]:
    """The kinds without `"none"`, and the rates; `"none"` is a rate of 0.

    Raises:
        ValueError: If `layers` or `rates` are not what they should be.
    """
    if isinstance(layers, str) or not isinstance(layers, Sequence) or not layers:
        raise ValueError(
            "`layers` must be a tuple of names, such as ('dropout', 'rotationout'). "
            f"Received: layers={layers!r}. {_VALID}"
        )
    kinds: dict[str, Make] = {}
    for item in layers:
        name, make = _kind(item)
        if name in kinds:
            raise ValueError(
                f"`layers` names {name!r} twice. Received: layers={layers!r}"
            )
        kinds[name] = make
    checked = _check_rates(rates)
    if kinds.pop(NONE, None) and 0.0 not in checked:
        checked = (0.0, *checked)
    return kinds, checked


def _check_rates(rates: Any) -> tuple[float, ...]:
    values: list[Any] = list(rates) if isinstance(rates, Iterable) else []
    if not values or isinstance(rates, str):
        expected = "a tuple of floats in [0, 1), such as (0.0, 0.1, 0.2)"
        raise ValueError(message("rates", rates, expected, "0 for no noise"))
    return tuple(dict.fromkeys(check_rate(value, "rates") for value in values))


def _kind(item: Any) -> tuple[str, Make]:
    if isinstance(item, str) and (item in _BY_NAME or item == NONE):
        return item, _BY_NAME.get(item, _dropout)
    is_pair = isinstance(item, tuple) and len(item) == 2
    if not is_pair or not isinstance(item[0], str) or not callable(item[1]):
        raise ValueError(f"`layers` has an item that is no kind: {item!r}. {_VALID}")
    name, factory = item
    if name in _BY_NAME or name == NONE:
        raise ValueError(
            f"`layers` has a kind of your own with the name {name!r}, which is taken. "
            "Give it another name."
        )
    return name, _from_factory(name, factory)


_VALID = (
    f"Valid are {', '.join(map(repr, (NONE, *_BY_NAME)))} and a pair of a name and a "
    "function of the rate, such as ('gaussian', keras.layers.GaussianDropout)."
)


def _from_factory(name: str, factory: Factory) -> Make:
    # The `__new__` of a Keras layer hides the signature of the class.
    called: Any = factory
    if isinstance(factory, type):
        called = called.__init__
    takes_seed = "seed" in inspect.signature(called).parameters

    def make(rate: float, seed: int | None, place: Place) -> keras.Layer:
        layer = factory(rate, seed=seed) if takes_seed else factory(rate)
        if not isinstance(layer, keras.Layer):
            raise ValueError(
                f"The function of {name!r} in `layers` must return a Keras layer. "
                f"Received: {layer!r} for rate={rate}"
            )
        return layer

    return make
