"""What stands for a layer of this package at inference, in layers of Keras alone."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial, singledispatch
from typing import Any

import keras
import numpy as np

from keras_regnoise._keras.kinds import KERAS_NOISE, is_of_keras
from keras_regnoise.layers import (
    CrossNormalization,
    DropActivation,
    DropConnect,
    ICLayer,
    NoiseLayer,
    RandomizedLeakyReLU,
    UniformNoise,
    VarianceConstancy,
    WeightNoise,
    ZCAWhitening,
)
from keras_regnoise.placement._copying import copy_layer

Shape = Sequence[int | None]


@dataclass
class Plain:
    """What stands for a layer.

    Attributes:
        layer: The layer, or None for the identity.
        copies: As in `Edits`.
        weights: Layers, and values for their weights.
    """

    layer: keras.Layer | None
    copies: list[Any] = field(default_factory=list)
    weights: list[tuple[keras.Layer, list[Any]]] = field(default_factory=list)


def plain_of(layer: keras.Layer, shape: Shape | None) -> Plain | None:
    """What stands for `layer` at inference; None if that is not known here.

    Args:
        layer: A layer.
        shape: The shape of its input, None if it is not known.

    Raises:
        ValueError: If the shape is needed and not known.
    """
    if _class_of_call(layer).__module__.startswith("keras_regnoise."):
        return plain(layer, shape)
    # What the call of a user's own class does at inference is not known, but tried.
    is_nothing = isinstance(layer, NoiseLayer) and _is_identity(layer, shape)
    return Plain(None) if is_nothing else None


def _is_identity(layer: keras.Layer, shape: Shape | None) -> bool:
    """Whether a layer returns random numbers of a shape as they are, at inference."""
    if shape is None:
        return False
    sizes = [2 if size is None else size for size in shape]
    x = np.random.default_rng(0).normal(size=sizes).astype("float32")
    inputs = keras.ops.cast(x, layer.compute_dtype)
    with contextlib.suppress(Exception):  # then it wants other inputs
        outputs = layer(inputs, training=False)
        if outputs.shape == inputs.shape:
            same = keras.ops.all(keras.ops.equal(outputs, inputs))
            return bool(keras.ops.convert_to_numpy(same))
    return False


def _class_of_call(layer: keras.Layer) -> type:
    """The class that says what calling a layer does."""
    names = {"call", "__call__"}
    return next(cls for cls in type(layer).__mro__ if names & vars(cls).keys())


@singledispatch
def plain(layer: Any, shape: Shape | None) -> Plain | None:
    """The rule for the class of `layer`."""
    return None


@plain.register(NoiseLayer)
@plain.register(UniformNoise)
@plain.register(VarianceConstancy)
def _(layer: keras.Layer, shape: Shape | None) -> Plain | None:
    return Plain(None)


@plain.register(ICLayer)
def _(layer: ICLayer, shape: Shape | None) -> Plain | None:
    first = _part(layer.normalization, shape)
    is_noise = isinstance(layer.noise, KERAS_NOISE)
    is_nothing = is_noise and is_of_keras(_class_of_call(layer.noise))
    second = Plain(None) if is_nothing else _part(layer.noise, shape)
    if first.layer is None or second.layer is None:
        return first if second.layer is None else second
    chain = keras.Sequential([first.layer, second.layer])
    if shape is not None:
        chain.build(tuple(shape))
    return Plain(
        chain, [*first.copies, *second.copies], [*first.weights, *second.weights]
    )


def _part(layer: keras.Layer, shape: Shape | None) -> Plain:
    """What stands for a layer inside another one: a copy, if it is of no rule."""
    known = plain_of(layer, shape)
    if known is not None:
        if known.layer is not None:
            known.layer.name = layer.name
        return known
    new = copy_layer(layer)
    return Plain(new, [(layer, new)])


@plain.register(WeightNoise)
def _(layer: WeightNoise, shape: Shape | None) -> Plain | None:
    return _part(layer.layer, shape)


@plain.register(DropConnect)
def _(layer: DropConnect, shape: Shape | None) -> Plain | None:
    if layer.inference == "mean" or layer.rate == 0:
        return _part(layer.layer, shape)
    return _gaussian(layer, _known(layer, shape))


def _gaussian(layer: DropConnect, shape: Shape) -> Plain:
    """The mean activation over the points of DropConnect's inference.

    The points are weights: `Z[s, u]` of an einsum for the point s and the unit u.
    """
    inner, kernel = layer.layer, keras.ops.convert_to_numpy(layer.kernel)
    changes: dict[str, Any] = {"dtype": "float32", "activation": "linear"}
    if getattr(inner, "lora_enabled", False):
        changes["lora_rank"] = None  # it is in the kernel
    linear: Any = partial(copy_layer, inner, **changes)
    x = keras.Input(batch_shape=tuple(shape), dtype=layer.compute_dtype)
    mean = linear(name=f"{inner.name}_mean")
    square = linear(name=f"{inner.name}_variance", use_bias=False)
    variance = square(keras.ops.square(keras.ops.cast(x, "float32")))
    stddev = keras.ops.sqrt(keras.ops.relu(variance))
    first = getattr(inner, "data_format", None) == "channels_first"
    axes = "bxyzw"[: len(stddev.shape) - 1]
    old, new = (f"b{u}{axes[1:]}" if first else f"{axes}{u}" for u in ("u", "su"))
    count, units = layer.num_samples, stddev.shape[1 if first else -1]
    out = [size for i, size in enumerate(stddev.shape) if i]
    out.insert(0 if first else len(out) - 1, count)
    spread, shift = (
        keras.layers.EinsumDense(f"{old},su->{new}", tuple(out), dtype="float32")
        for _ in range(2)
    )
    y = keras.layers.Add(dtype="float32")([shift(mean(x)), spread(stddev)])
    y = keras.layers.Activation(inner.activation, dtype="float32")(y)
    y = keras.ops.mean(y, axis=1 if first else -2)
    y = keras.ops.cast(y, layer.compute_dtype)
    bias = [] if inner.bias is None else [keras.ops.convert_to_numpy(inner.bias)]
    for points_of in (square, spread, shift):
        points_of.trainable = False
    rate = float(keras.ops.convert_to_numpy(layer.current_rate()))
    points = layer.gaussian_points(len(stddev.shape)).reshape(count, units)
    return Plain(
        keras.Model(x, y),
        weights=[
            (mean, [kernel, *bias]),
            (square, [np.square(kernel) * (rate / (1.0 - rate))]),
            (spread, [points]),
            (shift, [np.ones_like(points)]),
        ],
    )


@plain.register(RandomizedLeakyReLU)
def _(layer: RandomizedLeakyReLU, shape: Shape | None) -> Plain | None:
    slope = (layer.lower + layer.upper) / 2.0
    return Plain(keras.layers.LeakyReLU(slope, dtype=layer.dtype_policy))


@plain.register(CrossNormalization)
def _(layer: CrossNormalization, shape: Shape | None) -> Plain | None:
    settings = ("axis", "momentum", "epsilon", "center", "scale")
    options = {name: getattr(layer, name) for name in settings}
    normalization = keras.layers.BatchNormalization(
        **options, dtype=layer.dtype_policy, trainable=layer.trainable
    )
    return Plain(normalization, [(layer, normalization)])


@plain.register(DropActivation)
def _(layer: DropActivation, shape: Shape | None) -> Plain | None:
    rate = float(keras.ops.convert_to_numpy(layer.current_rate()))
    dtype = layer.dtype_policy
    if rate == 0.0:
        return Plain(keras.layers.Activation(layer.activation, dtype=dtype))
    if layer.activation is keras.activations.relu:
        return Plain(keras.layers.LeakyReLU(negative_slope=rate, dtype=dtype))
    shape = _known(layer, shape)
    x = keras.Input(batch_shape=tuple(shape), dtype=layer.compute_dtype)
    linear = keras.layers.Rescaling(rate, dtype=dtype)(x)
    y = keras.layers.Activation(layer.activation, dtype=dtype)(x)
    y = keras.layers.Rescaling(1.0 - rate, dtype=dtype)(y)
    return Plain(keras.Model(x, keras.layers.Add(dtype=dtype)([linear, y])))


@plain.register(ZCAWhitening)
def _(layer: ZCAWhitening, shape: Shape | None) -> Plain | None:
    shape = _known(layer, shape)
    mean, whitening = map(keras.ops.convert_to_numpy, (layer.mean, layer.whitening))
    options = {"dtype": "float32"}
    dense = keras.layers.Dense(len(mean), use_bias=False, trainable=False, **options)
    x = keras.Input(batch_shape=tuple(shape), dtype=layer.compute_dtype)
    order = list(range(1, len(shape)))
    if layer.axis is None:
        y = keras.layers.Flatten(**options)(x)
    else:
        order.append(order.pop(layer.axis % len(shape) - 1))
        y = keras.layers.Permute(order, **options)(x)
    # First, as there: what it is taken from may be large.
    y = dense(keras.layers.Rescaling(1.0, (-mean).tolist(), **options)(y))
    if layer.axis is None:
        y = keras.layers.Reshape(shape[1:], **options)(y)
    else:
        back = [order.index(axis) + 1 for axis in range(1, len(shape))]
        y = keras.layers.Permute(back, **options)(y)
    y = identity(layer)(y)
    return Plain(keras.Model(x, y), weights=[(dense, [whitening])])


def identity(layer: keras.Layer) -> keras.Layer:
    """A layer that does nothing, of the dtypes of `layer`."""
    return keras.layers.Identity(dtype=layer.dtype_policy.name)


def _known(layer: keras.Layer, shape: Shape | None) -> Shape:
    if shape is None and layer.built:
        shape = layer.get_build_config().get("input_shape")
    if shape is None:
        raise ValueError(
            f"The shape of the input of '{layer.name}' is not known, and strip needs "
            "it. Build the model first: start it with keras.Input, or call "
            "model.build(input_shape)."
        )
    return shape
