"""Mean and variance of what enters BatchNormalization, over a stream of batches."""

from typing import Any

import keras
from keras import ops

from keras_regnoise.analysis._moments import Variance
from keras_regnoise.analysis._observe import Observation, Tap


def input_moments(layers: dict[str, keras.Layer]) -> dict[str, Tap]:
    """Taps that read count, mean and variance of the inputs of the layers."""
    return {path: Tap(layer, _reader(layer)) for path, layer in layers.items()}


def add_moments(moments: dict[str, Variance], observation: Observation) -> None:
    """Add what the taps read of one batch."""
    for path, calls in observation.readings.items():
        for count, mean, variance in calls:
            moments[path].merge(count, mean, variance)


def _reader(layer: keras.layers.BatchNormalization) -> Any:
    def read(arguments: dict[str, Any], _: Any) -> tuple[Any, Any, Any]:
        x = ops.cast(arguments["inputs"], "float32")
        others = [i for i in range(x.ndim) if i != layer.axis % x.ndim]
        weights = ops.ones_like(x)
        if arguments.get("mask") is not None:  # of every axis but the last, as in Keras
            weights = weights * ops.cast(arguments["mask"][..., None], "float32")
            x = ops.where(weights > 0, x, ops.zeros_like(x))
        count = ops.sum(weights, axis=others, keepdims=True)
        share = weights / ops.maximum(count, 1.0)
        mean = ops.sum(x * share, axis=others, keepdims=True)
        variance = ops.sum(ops.square(x - mean) * share, axis=others)
        return ops.reshape(count, [-1]), ops.reshape(mean, [-1]), variance

    return read
