from typing import Any

import keras

from keras_regnoise._arguments import check_integer
from keras_regnoise.analysis._arrays import Array
from keras_regnoise.analysis._layers import weight_layers
from keras_regnoise.analysis._moments import Covariance, FourthMoments
from keras_regnoise.analysis.activations import activations
from keras_regnoise.analysis.coadaptation import covariance_coadaptation


def coadaptation_by_layer(
    model: keras.Model,
    data: Any,
    layers: Any = None,
    *,
    axis: int = -1,
    noise: bool = False,
    batch_size: int = 32,
    max_features: int = 8192,
) -> dict[str, float]:
    """Co-adaptation of the units of each layer, over all of the data.

    Args:
        model: A Keras model of any kind. It is left as it was found.
        data: Arrays or an iterable of batches, see `activations`.
        layers: See `activations`. Defaults to None: every layer with a kernel.
        axis: The feature axis of the outputs. Positions count as samples. Defaults to
            the last.
        noise: Whether the noise layers run in training mode. Defaults to False.
        batch_size: Samples of a batch, if `data` is arrays. Defaults to 32.
        max_features: Largest number of features that is allowed, because a layer of
            `D` takes `8 D^2` bytes. Defaults to 8192 (512 MiB).

    Returns:
        `coadaptation` by the path of the layer, in the order of the model.

    Raises:
        ValueError: If a layer is not found, or has more than `max_features` features.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 12.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(1, name="one")]
    ... )
    >>> coadaptation_by_layer(model, keras.ops.ones((8, 2)))
    {'one': 0.0}
    """
    max_features = check_integer("max_features", max_features, minimum=1)
    layers = weight_layers(model) if layers is None else layers
    moments: dict[str, Covariance] = {}
    stream = activations(model, data, layers, noise=noise, batch_size=batch_size)
    for batch in stream:
        for path, output in batch.items():
            if output.shape[axis] > max_features:
                raise ValueError(
                    f"The covariance of '{path}' would have {output.shape[axis]} rows "
                    f"and columns. Raise max_features={max_features} if there is "
                    "memory for that, or leave the layer out with `layers`."
                )
            moments.setdefault(path, Covariance()).update(output, axis)
    return {
        path: covariance_coadaptation(moment.covariance)
        for path, moment in moments.items()
    }


def kurtosis_by_layer(
    model: keras.Model,
    data: Any,
    layers: Any = None,
    *,
    axis: int = -1,
    noise: bool = False,
    batch_size: int = 32,
) -> dict[str, Array]:
    """Kurtosis of each unit of each layer, over all of the data.

    Args:
        model: A Keras model of any kind. It is left as it was found.
        data: Arrays or an iterable of batches, see `activations`.
        layers: See `activations`. Defaults to None: every layer with a kernel.
        axis: The feature axis of the outputs. Positions count as samples. Defaults to
            the last.
        noise: Whether the noise layers run in training mode. Defaults to False.
        batch_size: Samples of a batch, if `data` is arrays. Defaults to 32.

    Returns:
        `kurtosis` by the path of the layer: arrays `(features,)`, in the order of the
        model.

    Raises:
        ValueError: If a layer is not found.

    Reference:
        Regularizing by the Variance of the Activations' Sample-Variances, section 2.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((1,)), keras.layers.Dense(1, name="one")]
    ... )
    >>> kurtosis_by_layer(model, keras.ops.array([[0.0], [1.0]]))
    {'one': array([1.])}
    """
    layers = weight_layers(model) if layers is None else layers
    moments: dict[str, FourthMoments] = {}
    stream = activations(model, data, layers, noise=noise, batch_size=batch_size)
    for batch in stream:
        for path, output in batch.items():
            moments.setdefault(path, FourthMoments()).update(output, axis)
    return {path: moment.kurtosis for path, moment in moments.items()}
