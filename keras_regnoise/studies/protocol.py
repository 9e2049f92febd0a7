"""What the papers' protocols have in common."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets import DataSet

_WHITE = 255.0


def standardized(
    network: keras.Model, data: DataSet, *, per_pixel: bool = False
) -> keras.Model:
    """Put the standardization of the training images in front of a network.

    Args:
        network: Takes images of mean 0.
        data: Its training part gives the statistics.
        per_pixel: Subtract the mean image (He et al., 2016) instead of mean and
            standard deviation of every channel.
    """
    images = np.asarray(data.train.x)
    axes = 0 if per_pixel else tuple(range(images.ndim - 1))
    # What is stored as bytes comes out of `data.batches` in [0, 1].
    white = _WHITE if images.dtype == np.uint8 else 1.0
    mean = images.mean(axes, dtype=np.float64) / white
    deviation = images.std(axes, dtype=np.float64) / white
    layer = keras.layers.Normalization(
        axis=(1, 2, 3) if per_pixel else -1,
        mean=mean,
        variance=np.ones_like(mean) if per_pixel else deviation**2,
        name="standardization",
    )
    inputs = keras.Input(data.shape, name="images")
    return keras.Model(inputs, network(layer(inputs)), name=f"{network.name}_model")


def stepwise(
    learning_rate: float, steps: int, fractions: Sequence[float], factor: float = 0.1
) -> Any:
    """Multiply the learning rate by `factor` after each of the fractions of `steps`."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(fraction * steps) for fraction in fractions],
        [learning_rate * factor**i for i in range(len(fractions) + 1)],
    )


def add_weight_decay(model: keras.Model, decay: float) -> None:
    """Add `decay * w` to the gradient of every weight, as torch's SGD does.

    Keras's own `weight_decay` acts beside the momentum: with 0.9 it is a tenth of it.
    """
    for variable in model.trainable_variables:
        variable.regularizer = keras.regularizers.L2(decay / 2)
