from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_regnoise._data import input_batches, input_shapes
from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.analysis._arrays import Array
from keras_regnoise.analysis._layers import batch_normalizations, normalizations
from keras_regnoise.analysis._moments import Variance
from keras_regnoise.analysis._observe import Observer, preserved
from keras_regnoise.analysis._statistics import add_moments, input_moments


@dataclass(frozen=True)
class VarianceShift:
    """Variance of the inputs of one BatchNormalization, with and without noise.

    Attributes:
        training: Variance of each feature in training mode, `(features,)`.
        inference: Variance of each feature in inference mode, `(features,)`.

    Example:

    >>> shift = VarianceShift(np.array([2.0, 1.0]), np.array([1.0, 4.0]))
    >>> shift.ratio.tolist(), shift.mean
    ([2.0, 4.0], 3.0)
    """

    training: Array
    inference: Array

    @property
    def ratio(self) -> Array:
        """The larger variance over the smaller: 1 is no shift; 1 too if both are 0."""
        largest = np.maximum(self.training, self.inference)
        smallest = np.minimum(self.training, self.inference)
        shifted = np.divide(
            largest, smallest, out=np.full(largest.shape, np.inf), where=smallest > 0
        )
        return np.where(largest > 0, shifted, 1.0)

    @property
    def mean(self) -> float:
        """Mean of `ratio` over the features, the number that the paper plots."""
        return float(self.ratio.mean())

    @property
    def max(self) -> float:
        """Largest `ratio` of a feature."""
        return float(self.ratio.max())


def variance_shift(
    model: keras.Model, data: Any, *, batch_size: int = 32
) -> dict[str, VarianceShift]:
    """Measure how noise shifts the variance that BatchNormalization sees.

    BatchNormalization divides at inference by a variance that it recorded in training,
    with noise. Where the variance without noise is another, its output is off scale.

    Every batch runs through the model in training mode and in inference mode. The
    variances are those of all data together. The model is left as it was found.

    Args:
        model: A Keras model with BatchNormalization layers, those inside `ICLayer`
            included.
        data: Training data, as batches of the size used in training: arrays or an
            iterable of batches, see `activations`.
        batch_size: Samples of a batch, if `data` is arrays. Defaults to 32.

    Returns:
        `VarianceShift` of each BatchNormalization by its path, in the order of the
        model.

    Raises:
        ValueError: If the model has no BatchNormalization, or one inside a recurrent
            or time-distributed layer.

    Reference:
        RotationOut as a Regularization Method for Neural Network, appendix A.4.
        Li et al., Understanding the Disharmony between Dropout and Batch Normalization
        by Variance Shift, 2019.

    Differences from the paper: the running variance is an average over the last
    batches, this is the exact variance of all the data.

    Example:

    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((4,)),
    ...         keras.layers.Dropout(0.5, seed=1),
    ...         keras.layers.BatchNormalization(name="norm"),
    ...     ]
    ... )
    >>> x = np.random.default_rng(0).normal(size=(10_000, 4))
    >>> round(variance_shift(model, x)["norm"].mean, 1)
    2.0
    """
    layers = batch_normalizations(model)
    taps = input_moments(layers)
    with_noise = {path: Variance() for path in layers}
    without_noise = {path: Variance() for path in layers}
    observe = Observer(model, taps)
    batches = input_batches(data, input_shapes(model), batch_size)
    with (
        preserved(model.non_trainable_variables),
        preserved(_moved_in_training(model)) as restore,
    ):
        for batch in batches:
            add_moments(without_noise, observe(batch))
            add_moments(with_noise, observe(batch, training=True))
            restore()
    return {
        path: VarianceShift(_variance(with_noise[path]), _variance(without_noise[path]))
        for path in layers
    }


def _moved_in_training(model: keras.Model) -> list[Any]:
    """The variables that a pass in training mode moves and the other one uses."""
    spectral = keras.layers.SpectralNormalization  # which divides the kernel itself
    layers = normalizations(model)
    layers += [layer for layer in every_layer(model) if isinstance(layer, spectral)]
    return [variable for layer in layers for variable in layer.variables]


def _variance(moments: Variance) -> Array:
    """The variance, 0 where float32 can't tell it from that of a constant."""
    smallest = (8.0 * np.finfo("float32").eps * moments.mean) ** 2
    return np.where(moments.variance > smallest, moments.variance, 0.0)
