"""What the papers' protocols have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
import numpy as np

from keras_regnoise.datasets import DataSet
from keras_regnoise.datasets.stream import Stream
from keras_regnoise.studies.model import StudyModel

_GRAYS = 256
# torch's default momentum. With Keras's 0.99, the moving statistics would trail behind
# the weights in a training of a few hundred steps. The epsilon is Keras's; torch's is
# 1e-5.
batch_norm = partial(keras.layers.BatchNormalization, momentum=0.9, epsilon=1e-3)
sgd = partial(keras.optimizers.SGD, momentum=0.9)
clipped_sgd = partial(sgd, clipnorm=1.0)


@dataclass(frozen=True)
class Protocol:
    """How a paper trains its networks.

    Attributes:
        drops: Factor of the first learning rate by the share of all steps after which
            it counts.
        optimizer: Gets the learning rate, which is a schedule.
        weight_decay: See `add_weight_decay`.
        standardize: What the network gets: images of which the mean and the deviation
            of every channel are 0 and 1 over the training split, images less their mean
            image (He et al., 2016), or the data as they are.
        steps_per_execution: As in `keras.Model.compile`.
    """

    drops: Mapping[float, float]
    optimizer: Callable[[Any], keras.optimizers.Optimizer] = sgd
    weight_decay: float = 0.0
    standardize: Literal["channels", "pixels"] | None = "channels"
    steps_per_execution: int = 1


class PaperModel(StudyModel):
    """A classifier of a paper, trained by its protocol.

    Subclass it and write `protocol` and `network`.
    """

    def protocol(self, hp: Any) -> Protocol:
        """Return how the network of a cell is trained.

        Args:
            hp: See `build`.
        """
        raise NotImplementedError

    def network(self, hp: Any) -> keras.Model:
        """Return the network of a cell, from standardized data to probabilities.

        Args:
            hp: See `build`.
        """
        raise NotImplementedError

    def metrics(self) -> list[Any]:
        """Return what is measured beside the loss; `"accuracy"` is needed."""
        return ["accuracy"]

    @property
    def pooling(self) -> int:
        """How many pixels along a side become one, their mean: a recipe's option."""
        return int(self.recipe.options.get("pooling", 1))

    def sizes(self, hp: Any) -> dict[str, Any]:
        """Return the arguments that all of `keras_regnoise.models` take alike."""
        *sides, channels = self.data.shape
        return {
            "classes": self.data.classes,
            "input_shape": (*(side // self.pooling for side in sides), channels),
            "seed": hp.get("seed"),
        }

    def build(self, hp: Any) -> keras.Model:
        protocol, model = self.protocol(hp), self.network(hp)
        if self.pooling > 1:
            model = pooled(model, self.data.shape, self.pooling)
        if protocol.standardize:
            pixels = protocol.standardize == "pixels"
            model = standardized(model, self.data, per_pixel=pixels)
        add_weight_decay(model, protocol.weight_decay)
        rate = piecewise(self.recipe.learning_rate, self.steps, protocol.drops)
        model.compile(
            protocol.optimizer(rate),
            "sparse_categorical_crossentropy",
            metrics=self.metrics(),
            steps_per_execution=protocol.steps_per_execution,
        )
        return model


def pooled(network: keras.Model, shape: tuple[int, ...], size: int) -> keras.Model:
    """Put a mean over squares of pixels in front of a network.

    Args:
        network: Takes images of a `size`-th of the height and width.
        shape: That of the images.
        size: Pixels along the side of a square.
    """
    inputs = keras.Input(shape)
    outputs = network(keras.layers.AveragePooling2D(size, name="pooling")(inputs))
    return keras.Model(inputs, outputs, name=network.name)


def standardized(
    network: keras.Model, data: DataSet, *, per_pixel: bool = False
) -> keras.Model:
    """Put the standardization of the training images in front of a network.

    Args:
        network: Takes images of mean 0.
        data: Its training split gives the statistics.
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


def divided_by_ten(*shares: float) -> dict[float, float]:
    """Return the `drops` of a `Protocol` that divide by ten at each of the shares."""
    return {share: 0.1 ** (number + 1) for number, share in enumerate(shares)}


def piecewise(learning_rate: float, steps: int, drops: Mapping[float, float]) -> Any:
    """Return the schedule of the `drops` of a `Protocol`."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(share * steps) for share in drops],
        [learning_rate, *(learning_rate * factor for factor in drops.values())],
    )


def add_weight_decay(model: keras.Model, decay: float) -> None:
    """Add `decay * w` to the gradient of every weight, as torch's SGD does.

    Keras's own `weight_decay` acts beside the momentum: with 0.9 it is a tenth of it.
    With `clipnorm` the decay is inside the gradient that is clipped.
    """
    for variable in model.trainable_variables if decay else ():
        variable.regularizer = keras.regularizers.L2(decay / 2)


def with_errors(metrics: dict[str, float]) -> dict[str, float]:
    """Add the errors, 1 less the accuracies, of the validation and the test split."""
    return metrics | {
        f"{part}_error": 1.0 - metrics[f"{part}_accuracy"] for part in ("val", "test")
    }


def chosen_by_validation(
    history: Mapping[str, Sequence[float]], window: int
) -> dict[str, float]:
    """Return the errors at the end of the window with the smallest validation error.

    Args:
        history: Accuracies by evaluation, `"val_accuracy"` and `"test_accuracy"`.
        window: Looks over which the validation error is averaged; only full windows
            are candidates, and fewer evaluations are one window.

    Raises:
        ValueError: If the two splits were not evaluated equally often.
    """
    val, test = (1.0 - np.array(history[f"{p}_accuracy"]) for p in ("val", "test"))
    if len(val) != len(test):
        raise ValueError(
            "A choice by validation needs as many evaluations of the test split as of "
            "the validation split: the recipe's `validation_freq` and `test_freq` must "
            f"be equal. Received: {len(val)} and {len(test)} evaluations"
        )
    window = min(window, len(val))
    smooth = np.convolve(val, np.full(window, 1.0 / window), "valid")
    first = int(smooth.argmin())
    return {
        "selected_val_error": float(smooth[first]),
        "selected_test_error": float(test[first + window - 1]),
    }
