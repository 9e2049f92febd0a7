from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer, check_rate
from keras_regnoise._data import input_batches, input_shapes, is_used_up
from keras_regnoise._warn import warn
from keras_regnoise.analysis._layers import (
    batch_normalizations,
    select_layers,
)
from keras_regnoise.analysis._moments import Variance
from keras_regnoise.analysis._observe import Observer, preserved, value_of
from keras_regnoise.analysis._statistics import add_moments, input_moments

_MOST = 100  # passes


def recalibrate_batch_normalization(
    model: keras.Model,
    data: Any,
    *,
    batch_size: int = 32,
    max_passes: int | None = None,
    tolerance: float = 1e-4,
) -> int:
    """Give BatchNormalization the statistics of the data without noise.

    The moving statistics that training leaves are averages over the last batches, with
    the noise in them. This replaces them, in place, by the mean and the variance of all
    of `data` with the noise off. Nothing else changes; the model needs no new
    compilation.

    The first pass over the data normalizes by the batch, and is exact for layers with
    no BatchNormalization before them. Each further pass runs in inference mode and is
    exact for one more layer in a row, so that as many passes as there are layers are
    enough; it stops as soon as nothing changes. Where a layer is called several times,
    on what has gone through it too, there is no such number, and it goes on until
    nothing changes.

    Args:
        model: A Keras model with BatchNormalization layers, those inside `ICLayer` and
            frozen ones included.
        data: Training data as arrays or an iterable of batches, see `activations`. One
            that can be used only once, such as a generator, needs `max_passes=1`.
        batch_size: Samples of a batch, if `data` is arrays. Defaults to 32.
        max_passes: Largest number of passes over the data; 1 is often enough. Defaults
            to None, the number of BatchNormalization layers, or 100 if one of them is
            called several times.
        tolerance: Largest change, relative to the variance, that counts as none.
            Defaults to 1e-4.

    Returns:
        The number of passes.

    Raises:
        ValueError: If the model has no BatchNormalization, or one inside a recurrent
            or time-distributed layer; or if `data` does not last for the passes.

    Warns:
        UserWarning: If the statistics of a layer that is called several times still
            change after 100 passes, or may, as `data` could be used only once.

    Reference:
        Li et al., Understanding the Disharmony between Dropout and Batch Normalization
        by Variance Shift, 2019. Wu and Johnson, Rethinking "Batch" in BatchNorm, 2021
        (the first pass).

    Example:

    >>> x = np.random.default_rng(0).normal(3.0, 2.0, size=(1000, 1))
    >>> layer = keras.layers.BatchNormalization()
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dropout(0.5), layer])
    >>> recalibrate_batch_normalization(model, x)
    1
    >>> np.allclose(layer.moving_variance, x.var(), rtol=1e-4)
    True
    """
    layers = batch_normalizations(model)
    asked = None
    if max_passes is not None:
        asked = check_integer("max_passes", max_passes, minimum=1)
    only_once = asked != 1 and is_used_up(data)
    if only_once and len(layers) > 1:
        raise ValueError(
            f"`data` can be used only once, and exact statistics of {len(layers)} "
            f"layers may need as many passes. Received: {type(data).__name__}. Pass a "
            "list of batches or a data set, or max_passes=1."
        )
    taps = input_moments(layers)
    batches = partial(input_batches, data, input_shapes(model), batch_size)
    by_batch = Observer(model, taps, in_training=layers.values())
    with preserved(model.non_trainable_variables):
        found, calls = _statistics(by_batch, batches())
    if calls <= 1:
        limit = min(len(layers), asked or len(layers))
    else:
        limit = 1 if only_once else asked or _MOST
    change = _assign(layers, found)
    observe = Observer(model, taps)
    for number in range(2, limit + 1):
        found, _ = _statistics(observe, batches())
        change = _assign(layers, found)
        if change <= tolerance:
            return number
    if calls > 1 and asked is None:
        said = "may change" if only_once else f"still change by {change:.2g}"
        warn(
            f"The statistics {said} after {limit} passes: a BatchNormalization is "
            "called several times, and what it does changes what it is called on if "
            "one of the calls is behind another. Pass data that lasts for several "
            "passes, or max_passes to be content with so many.",
        )
    return limit


def rescale_running_variance(model: keras.Model, rate: float, layers: Any) -> None:
    """Multiply the running variance of BatchNormalization by the keep rate.

    Right behind Dropout about the mean, the variance in training is `1 / (1 - rate)`
    times the variance without noise, whatever the weights. This corrects for it, in
    place and without any data.

    Args:
        model: A Keras model.
        rate: Drop probability in [0, 1) of the noise right before the layers.
        layers: The BatchNormalization layers, see `activations`: those with noise of
            this rate right before them, and no others. Each call multiplies again.

    Raises:
        ValueError: If `layers` means no layer or one that is no BatchNormalization, or
            `rate` is out of range.

    Reference:
        RotationOut as a Regularization Method for Neural Network, appendix A.4.

    Example:

    >>> layer = keras.layers.BatchNormalization(name="norm")
    >>> model = keras.Sequential([keras.Input((1,)), layer])
    >>> rescale_running_variance(model, 0.5, "norm")
    >>> keras.ops.convert_to_numpy(layer.moving_variance).tolist()
    [0.5]
    """
    keep = 1.0 - check_rate(rate)
    chosen = select_layers(model, layers)
    kind = keras.layers.BatchNormalization
    others = [path for path, layer in chosen.items() if not isinstance(layer, kind)]
    if others:
        raise ValueError(
            "`layers` must be BatchNormalization layers. "
            f"Received also: {', '.join(others)}"
        )
    for layer in chosen.values():
        layer.moving_variance.assign(layer.moving_variance * keep)
        if layer.renorm:
            layer.moving_stddev.assign(layer.moving_stddev * keep**0.5)


def _statistics(
    observe: Observer, batches: Iterable[Any]
) -> tuple[dict[str, Variance], int]:
    """The moments by layer, and how often one of the layers is called at most."""
    moments: dict[str, Variance] = defaultdict(Variance)
    calls = 0
    for batch in batches:
        observation = observe(batch)
        add_moments(moments, observation)
        calls = max(calls, *map(len, observation.readings.values()))
    return moments, calls


def _assign(layers: dict[str, keras.Layer], moments: dict[str, Variance]) -> float:
    """Set the statistics; the largest change in units of the deviation."""
    changes = [0.0]
    for path, layer in layers.items():
        mean, variance = moments[path].mean, moments[path].variance
        scale = variance + layer.epsilon
        before = value_of(layer.moving_mean)
        changes.append(np.max(np.abs(mean - before) / np.sqrt(scale)))
        before = value_of(layer.moving_variance)
        changes.append(np.max(np.abs(variance - before) / scale))
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
        if layer.renorm:
            layer.moving_stddev.assign(np.sqrt(variance))
    return float(max(changes))
