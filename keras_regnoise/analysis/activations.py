from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise._data import input_batches, input_shapes
from keras_regnoise._keras.kinds import noise_layers
from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.analysis._arrays import Array, feature_rows
from keras_regnoise.analysis._draws import seed_generators
from keras_regnoise.analysis._layers import (
    check_called,
    normalizations,
    select_layers,
)
from keras_regnoise.analysis._observe import (
    Observer,
    Tap,
    preserved,
    readings_as_rows,
    value_of,
)


def activations(
    model: keras.Model,
    data: Any,
    layers: Any,
    *,
    noise: bool = False,
    batch_size: int = 32,
) -> Iterator[dict[str, Array]]:
    """Yield what layers put out, batch by batch.

    One batch is in memory at a time, so any amount of data can pass through. The model
    is left as it was found after each.

    Args:
        model: A Keras model of any kind. What a recurrent or time-distributed layer
            holds cannot be seen; the layer itself can.
        data: Arrays, or an iterable of batches: inputs, or tuples `(x, y)`. A list, a
            generator, a `keras.utils.PyDataset`, a `tf.data.Dataset` and a torch
            `DataLoader` will do.
        layers: Layers, layer classes, names or paths (as in `"encoder/dense_1"`) of
            layers: one or several.
        noise: Whether the noise layers run in training mode; all others run in
            inference mode. Defaults to False.
        batch_size: Samples of a batch, if `data` is arrays. Defaults to 32.

    Yields:
        The outputs of the layers by path, as NumPy arrays. A further call of a shared
        layer has a number: `"dense"`, `"dense:2"`.

    Raises:
        ValueError: If a layer is not found or not called, there are no data, or with
            `noise=True` if no noise layer is called.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((4,)), keras.layers.Dense(3, name="hidden")]
    ... )
    >>> batches = activations(model, np.zeros((64, 4)), "hidden")
    >>> [batch["hidden"].shape for batch in batches]
    [(32, 3), (32, 3)]
    """
    # Here and not in the generator: so that a mistake is an error at once.
    chosen = select_layers(model, layers)
    return _activations(model, data, chosen, noise, batch_size)


def sample_activations(
    model: keras.Model,
    data: Any,
    layers: Any,
    max_samples: int = 10_000,
    *,
    axis: int = -1,
    noise: bool = False,
    batch_size: int = 32,
    seed: int | None = 0,
) -> dict[str, Array]:
    """Draw feature vectors from what layers put out, as many as memory allows.

    For what needs all of its samples at once, such as `mutual_information` and plots.
    Every vector has the same chance; data of any length need the memory of
    `max_samples` vectors and one batch.

    Args:
        model: See `activations`.
        data: See `activations`.
        layers: See `activations`.
        max_samples: Number of vectors for each layer, fewer if there are fewer.
            Defaults to 10,000.
        axis: The feature axis of the outputs. Positions count as samples. Defaults to
            the last.
        noise: See `activations`.
        batch_size: See `activations`.
        seed: Seed of the choice. Defaults to 0.

    Returns:
        Arrays `(samples, features)` by the path of the layer, in no order, float64.

    Raises:
        ValueError: See `activations`.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3, name="conv")]
    ... )
    >>> x = np.zeros((64, 8, 8, 1))
    >>> sample_activations(model, x, "conv", max_samples=100)["conv"].shape
    (100, 3)
    """
    max_samples = check_integer("max_samples", max_samples, minimum=1)
    random = np.random.default_rng(seed)
    kept: dict[str, tuple[Array, Array]] = {}
    stream = activations(model, data, layers, noise=noise, batch_size=batch_size)
    for batch in stream:
        for path, output in batch.items():
            rows = feature_rows(output, axis, path)
            keys = random.random(len(rows))
            if path in kept:
                rows = np.concatenate([kept[path][0], rows])
                keys = np.concatenate([kept[path][1], keys])
            if len(rows) > max_samples:
                smallest = np.argpartition(keys, max_samples)[:max_samples]
                rows, keys = rows[smallest], keys[smallest]
            kept[path] = rows, keys
    return {path: rows for path, (rows, _) in kept.items()}


def _activations(
    model: keras.Model,
    data: Any,
    chosen: dict[str, keras.Layer],
    noise: bool,
    batch_size: int,
) -> Iterator[dict[str, Array]]:
    taps = {path: Tap(layer, _output) for path, layer in chosen.items()}
    noisy = noise_layers(model) if noise else []
    # A noisy layer passes its mode on to what it holds.
    normal = normalizations(model) if noise else []
    observe = Observer(model, taps, in_training=noisy, in_inference=normal)
    states = [generator.state for generator in seed_generators(model)]
    drawn = [value_of(state) for state in states]
    # Not the weights of frozen layers, which may be many and stand still.
    still = {id(v) for x in every_layer(model) if not x.trainable for v in x.weights}
    moving = [v for v in model.non_trainable_variables if id(v) not in still]
    for batch in input_batches(data, input_shapes(model), batch_size):
        # Put back before the caller goes on, who may train the model meanwhile. The
        # noise goes on from batch to batch.
        with preserved(moving):
            for state, value in zip(states, drawn, strict=True):
                state.assign(value)
            observation = observe(batch)
            drawn = [value_of(state) for state in states]
        check_called(model, noisy, observe.called)
        yield readings_as_rows(observation)


def _output(_: dict[str, Any], output: Any) -> Any:
    if not keras.ops.is_tensor(output) and not isinstance(output, keras.KerasTensor):
        raise ValueError(
            "Only layers that put out one tensor can be looked at. Received a layer "
            f"that puts out: {type(output).__name__}"
        )
    return output
