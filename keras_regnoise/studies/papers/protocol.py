"""What the papers' protocols have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets import DataSet
from keras_regnoise.datasets.stream import Stream

_GRAYS = 256
_METRICS = ["accuracy"]


def standardized(
    network: keras.Model, data: DataSet, *, per_pixel: bool = False
) -> keras.Model:
    """Put the standardization of the training images in front of a network.

    Args:
        network: Takes images of mean 0.
        data: Its training part gives the statistics.
        per_pixel: Subtract the mean image (He et al., 2016) instead of mean and
            standard deviation of every channel.

    Raises:
        ValueError: If the data set is read in batches.
    """
    if isinstance(data.train, Stream):
        raise ValueError(
            f"The statistics of {data.name} can't be taken: it is read in batches, "
            "because it is larger than 8 GB. Choose a smaller data set."
        )
    images = np.asarray(data.train.x)
    if per_pixel:
        mean = images.mean(0, dtype=np.float64) / _white(images)
        variance = np.ones_like(mean)
    else:
        mean, variance = _channel_moments(images)
    layer = keras.layers.Normalization(
        axis=(1, 2, 3) if per_pixel else -1,
        mean=mean,
        variance=variance,
        name="standardization",
    )
    inputs = keras.Input(data.shape, name="images")
    return keras.Model(inputs, network(layer(inputs)), name=f"{network.name}_model")


def _white(images: np.ndarray[Any, Any]) -> float:
    """Return what `data.batches` divides by: bytes become numbers in [0, 1]."""
    return _GRAYS - 1.0 if images.dtype == np.uint8 else 1.0


def _channel_moments(images: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    if images.dtype != np.uint8:
        axes = tuple(range(images.ndim - 1))
        return images.mean(axes), images.var(axes)
    # From histograms: the images as float64 would take eight times their memory.
    channels = np.moveaxis(images, -1, 0)
    counts = np.array([np.bincount(c.ravel(), minlength=_GRAYS) for c in channels])
    shares = counts / counts.sum(axis=1, keepdims=True)
    grays = np.arange(_GRAYS) / _white(images)
    mean = shares @ grays
    return mean, shares @ grays**2 - mean**2


def stepwise(
    learning_rate: float, steps: int, fractions: Sequence[float], factor: float = 0.1
) -> Any:
    """Multiply the learning rate by `factor` after each of the fractions of `steps`."""
    factors = [factor ** (i + 1) for i in range(len(fractions))]
    return piecewise(learning_rate, steps, dict(zip(fractions, factors, strict=True)))


def piecewise(learning_rate: float, steps: int, factors: Mapping[float, float]) -> Any:
    """Multiply the first learning rate by a factor from each fraction of `steps` on."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(fraction * steps) for fraction in factors],
        [learning_rate, *(learning_rate * factor for factor in factors.values())],
    )


def compile_with(model: keras.Model, optimizer: Any, **options: Any) -> keras.Model:
    """Compile a classifier whose outputs are probabilities."""
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=_METRICS, **options)
    return model


def add_weight_decay(model: keras.Model, decay: float) -> None:
    """Add `decay * w` to the gradient of every weight, as torch's SGD does.

    Keras's own `weight_decay` acts beside the momentum: with 0.9 it is a tenth of it.
    With `clipnorm` the decay is inside the gradient that is clipped.
    """
    for variable in model.trainable_variables:
        variable.regularizer = keras.regularizers.L2(decay / 2)


def chosen_by_validation(
    history: Mapping[str, Sequence[float]], window: int
) -> dict[str, float]:
    """Return the errors at the end of the window with the smallest validation error.

    Args:
        history: Accuracies by look, `"val_accuracy"` and `"test_accuracy"`.
        window: Looks over which the validation error is averaged; only full windows
            are candidates, and fewer looks are one window.

    Raises:
        ValueError: If the two parts were not looked at equally often.
    """
    val, test = (1.0 - np.array(history[f"{p}_accuracy"]) for p in ("val", "test"))
    if len(val) != len(test):
        raise ValueError(
            "A choice by validation needs one look at the test part for every look at "
            "the validation part: `validation_freq` and `test_freq` of the recipe must "
            f"be equal. Received: {len(val)} and {len(test)} looks"
        )
    window = min(window, len(val))
    smooth = np.convolve(val, np.full(window, 1.0 / window), "valid")
    first = int(smooth.argmin())
    return {
        "selected_val_error": float(smooth[first]),
        "selected_test_error": float(test[first + window - 1]),
    }
