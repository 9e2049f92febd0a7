"""The layers that are timed, and the inputs."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

import keras_regnoise as krn

RATE = 0.2  # no layer's time depends on it


class Traffic(keras.layers.Layer):  # type: ignore[misc]
    """Reads its input and writes it, and so does its gradient: the minimum for a layer.

    The factor is a number of every dtype that is not 1, so that nothing optimizes the
    product away.
    """

    def call(self, inputs: Any) -> Any:
        return inputs * (1.0 + 2.0**-7)


class Mean(keras.layers.Layer):  # type: ignore[misc]
    """Takes a share of the mean vector off each: what centring alone costs."""

    def call(self, inputs: Any) -> Any:
        axes = tuple(range(inputs.ndim - 1))
        return inputs - ops.mean(inputs, axis=axes, keepdims=True) * 2.0**-7


_FACTORIES = {
    "identity": Traffic,
    "mean alone": Mean,
    "exchange alone": lambda: krn.layers.RotationOut(RATE, center=False),
    "ReLU": keras.layers.ReLU,
    "Dropout": lambda: keras.layers.Dropout(RATE),
    "SpatialDropout2D": lambda: keras.layers.SpatialDropout2D(RATE),
    "BatchNormalization": keras.layers.BatchNormalization,
    "RotationOut": lambda: krn.layers.RotationOut(RATE),
    "RotationOut per sample": lambda: krn.layers.RotationOut(
        RATE, permutation="sample"
    ),
    "SpatialRotationOut": lambda: krn.layers.SpatialRotationOut(RATE),
    "DropActivation": lambda: krn.layers.DropActivation("relu", RATE),
    "VarianceConstancy": krn.layers.VarianceConstancy,
    "ICLayer": lambda: krn.layers.ICLayer(RATE),
}


def make(name: str) -> Any:
    """Return one layer as a user gets it: without a seed."""
    return _FACTORIES[name]()


def make_chain(name: str, shape: Sequence[int]) -> list[Any]:
    """Return the built layers of a name such as `"ReLU + Dropout"`."""
    layers = [make(part) for part in name.split(" + ")]
    for layer in layers:
        layer.build(tuple(shape))
    return layers


def random_tensor(shape: Sequence[int], dtype: str, seed: int) -> Any:
    values = np.random.default_rng(seed).standard_normal(shape, dtype="float32")
    return ops.convert_to_tensor(values, dtype=dtype)


def set_dtype(dtype: str) -> None:
    """Compute in `dtype` from now on, with weights in float32."""
    policy = dtype if dtype == "float32" else f"mixed_{dtype}"
    keras.config.set_dtype_policy(policy)
