import random
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise._data import input_batches, input_shapes
from keras_regnoise._keras.kinds import noise_layers
from keras_regnoise.analysis._layers import (
    check_model,
    normalizations,
)
from keras_regnoise.analysis._observe import (
    Observer,
    observing,
    preserved,
    seed_generators,
    value_of,
)


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
            `keras.layers.LSTM` for its `dropout`.
        keep_samples: Whether to return the outputs of every draw. Defaults to False.
        seed: Two calls with one seed and the same batches draw the same noise.
            Defaults to None, for a new one, which `keras.utils.set_random_seed` fixes.
            On torch, Keras's `Dropout` without a seed of its own listens to
            `set_random_seed` alone, and moves torch's global state.

    Returns:
        Mean and standard deviation over the draws, as NumPy arrays.

    Raises:
        ValueError: If the model has no noise layer, or an argument is out of range.

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
    noisy = noise_layers(model, also if isinstance(also, tuple) else (also,))
    if not noisy:
        raise ValueError(
            "The model has no noise layer, so that every draw would be the same. Put "
            "one in, for example with keras_regnoise.placement.insert, or name the "
            "classes that draw at random with `also`."
        )
    # `random` is what keras.random.SeedGenerator draws a default seed from.
    reseed = _Reseed(noisy, random.getrandbits(32) if seed is None else seed)
    # Of the model's and of what a noisy layer holds, to which it passes its mode on.
    normal = normalizations(model)
    means, deviations, samples = [], [], []
    with (
        preserved(model.non_trainable_variables),
        observing(model, in_training=noisy, in_inference=normal) as observe,
    ):
        for batch in input_batches(x, input_shapes(model), batch_size):
            draws = _draws(observe, batch, num_samples, reseed)
            means.append(_map(lambda d: d.mean(axis=0, dtype="float64"), draws))
            deviations.append(
                _map(lambda d: d.std(axis=0, ddof=1, dtype="float64"), draws)
            )
            samples.extend([draws] if keep_samples else [])
    return MCPrediction(
        _concatenated(means),
        _concatenated(deviations),
        _concatenated(samples, axis=1) if keep_samples else None,
    )


class _Reseed:
    """Gives the noise layers new seeds, and leaves their count of steps alone."""

    def __init__(self, layers: list[keras.Layer], seed: int) -> None:
        generators = seed_generators(layers)
        self._random = np.random.default_rng(seed)
        # The count is where a schedule of the rate stands.
        self._states = [(g.state, int(value_of(g.state)[1])) for g in generators]

    def __call__(self) -> None:
        seeds = self._random.integers(2**30, size=len(self._states))
        for (state, count), seed in zip(self._states, seeds, strict=True):
            state.assign(np.array([seed, count], state.dtype))


def _draws(observe: Observer, batch: Any, number: int, reseed: _Reseed) -> Any:
    outputs = []
    for _ in range(number):
        reseed()
        outputs.append(observe(batch).outputs)
    return _map(lambda *draws: np.stack(draws), *outputs)


def _map(function: Any, *structures: Any) -> Any:
    return keras.tree.map_structure(function, *structures)


def _concatenated(batches: list[Any], axis: int = 0) -> Any:
    return _map(lambda *parts: np.concatenate(parts, axis=axis), *batches)
