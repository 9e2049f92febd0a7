from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise._data import input_batches, input_shapes
from keras_regnoise._keras.kinds import noise_layers
from keras_regnoise._seeds import check_seed
from keras_regnoise.analysis._draws import own_draws
from keras_regnoise.analysis._layers import (
    check_called,
    check_model,
    normalizations,
)
from keras_regnoise.analysis._observe import Observer, preserved


@dataclass(frozen=True)
class MCPrediction:
    """What a model with its noise on predicts.

    Attributes:
        mean: Mean of the outputs over the draws of the noise, of the shape of the
            outputs. Several outputs keep their structure, here and below.
        std: Standard deviation over the draws, of the same shape.
        samples: The outputs of every draw, `(draws, samples, ...)`, or None if they
            were not kept.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.GaussianNoise(1.0)])
    >>> prediction = mc_predict(model, np.zeros((5, 2)), num_samples=10)
    >>> prediction.mean.shape, prediction.samples
    ((5, 2), None)
    """

    mean: Any
    std: Any
    samples: Any = None


def mc_predict(
    model: keras.Model,
    x: Any,
    num_samples: int = 20,
    *,
    batch_size: int = 32,
    also: type | tuple[type, ...] = (),
    keep_samples: bool = False,
    seed: int | None = None,
) -> MCPrediction:
    """Predict with the noise on, many times over: the mean and the spread.

    Only noise layers run in training mode: those of this package, the noise inside an
    `ICLayer`, and Keras's `Dropout`, `SpatialDropout`, `GaussianDropout`,
    `GaussianNoise` and `AlphaDropout`. All others, BatchNormalization among them, run
    in inference mode. The model is left as it was found, its random state included,
    whatever happens; it may be functional, Sequential or subclassed, with models in it.

    Noise that the samples of a batch share, such as the pairing of
    `RotationOut(permutation="batch")` and its centre, makes the draws of one batch
    dependent, and needs batches about as large as in training.

    Args:
        model: A Keras model. If it puts out logits, the mean is of logits.
        x: Inputs: arrays or an iterable of batches, see `activations`.
        num_samples: Draws of the noise, 2 or more. Defaults to 20.
        batch_size: Samples of a batch, if `x` is arrays. Defaults to 32.
        also: Layer class, or a tuple of them, that run in training mode too, such as
            `keras.layers.LSTM` for its `dropout`, or the class of the model if it calls
            its noise under `if training:` only.
        keep_samples: Whether to return the outputs of every draw. Defaults to False.
        seed: Two calls with one seed and the same batches draw the same noise: it
            governs every `SeedGenerator` of the model and its layers, and what Keras
            draws without one; not what a layer draws in another way. Defaults to None,
            for a new one, which `keras.utils.set_random_seed` fixes.

    Returns:
        Mean and standard deviation over the draws, as NumPy arrays.

    Raises:
        ValueError: If the model has no noise layer, calls none of them, or draws
            nothing in them whose rate is not 0; if an argument is out of range. Noise
            layers that are not called beside others that are have a warning.

    Reference:
        Gal and Ghahramani, Dropout as a Bayesian Approximation: Representing Model
        Uncertainty in Deep Learning, 2016.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5)])
    >>> prediction = mc_predict(model, np.ones((4, 3)), num_samples=500, seed=0)
    >>> bool(np.allclose(prediction.mean, 1.0, atol=0.2))
    True
    """
    check_model(model)
    num_samples = check_integer("num_samples", num_samples, minimum=2)
    also = _classes(also)
    noisy = noise_layers(model, also)
    is_training = bool(also) and isinstance(model, also)
    if not noisy and not is_training:
        raise ValueError(
            "The model has no noise layer, so that every draw would be the same. Put "
            "one in, for example with keras_regnoise.placement.insert, or name the "
            "classes that draw at random with `also`."
        )
    # Of the model's and of what a noisy layer holds, to which it passes its mode on.
    normal = normalizations(model)
    means: list[Any] = []
    deviations: list[Any] = []
    samples: list[Any] = []
    observe = Observer(model, in_training=noisy, in_inference=normal)
    with (
        preserved(model.non_trainable_variables),
        own_draws(model, check_seed(seed)) as draws,
    ):
        for batch in input_batches(x, input_shapes(model), batch_size):
            outputs, has_drawn = [], False
            for _ in range(num_samples):
                draws.begin()
                outputs.append(observe(batch, training=is_training).outputs)
                has_drawn = has_drawn or draws.has_drawn()
            drawn = _map(lambda *parts: np.stack(parts), *outputs)
            if not means:
                check_called(model, noisy, observe.called)
                _check_drawn(noisy, has_drawn or _varies(drawn))
            means.append(_map(lambda d: d.mean(axis=0, dtype="float64"), drawn))
            deviations.append(
                _map(lambda d: d.std(axis=0, ddof=1, dtype="float64"), drawn)
            )
            samples.extend([drawn] if keep_samples else [])
    return MCPrediction(
        _concatenated(means),
        _concatenated(deviations),
        _concatenated(samples, axis=1) if keep_samples else None,
    )


def _classes(also: Any) -> tuple[type, ...]:
    classes = also if isinstance(also, tuple) else (also,)
    if not all(isinstance(kind, type) for kind in classes):
        raise ValueError(
            "`also` must be a layer class or a tuple of them, such as "
            f"keras.layers.LSTM. Received: also={also!r}"
        )
    return classes


def _check_drawn(noisy: list[keras.Layer], has_drawn: bool) -> None:
    """Raise `ValueError` if layers whose rate is not 0 added no noise."""
    names = ", ".join(layer.name for layer in noisy)
    if not has_drawn and not (noisy and all(map(_is_silent, noisy))):
        raise ValueError(
            "Nothing was drawn at random, so that every draw is the same. Received the "
            f"noise layers: {names or 'none'}. Their "
            "noise must depend on the `training` argument of `call`, and be drawn from "
            "a keras.random.SeedGenerator that the layer holds, not from a fixed seed."
        )


def _is_silent(layer: keras.Layer) -> bool:
    """Whether the amount of noise of a layer is 0, so that it has nothing to draw."""
    return any(getattr(layer, name, None) == 0 for name in ("rate", "stddev", "scale"))


def _varies(draws: Any) -> bool:
    return any((d != d[:1]).any() for d in keras.tree.flatten(draws))


def _map(function: Any, *structures: Any) -> Any:
    return keras.tree.map_structure(function, *structures)


def _concatenated(batches: list[Any], axis: int = 0) -> Any:
    return _map(lambda *parts: np.concatenate(parts, axis=axis), *batches)
