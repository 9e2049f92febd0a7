import itertools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_regnoise import placement
from keras_regnoise.analysis._arrays import feature_rows
from keras_regnoise.analysis._layers import select_layers
from keras_regnoise.analysis._moments import Variance
from keras_regnoise.analysis._observe import Observer, Tap, preserved
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.models.drop_activation_networks import (
    DropActivationNetwork,
)

_BATCHES = 10


class ShiftNetwork(DropActivationNetwork):
    """A residual network of which the output of the second stage is looked at."""

    def network(self, hp: Any) -> keras.Model:
        network = super().network(hp)
        if not hp.get("dropout"):
            return network

        def dropout(layer: keras.layers.Layer) -> keras.layers.Layer:
            seed = self.seed(hp, f"{layer.name}_dropout")
            return keras.layers.Dropout(hp.get("dropout"), seed=seed)

        names = [layer.name for layer in network.layers]
        last = max(name for name in names if name.startswith("stage1_unit1_conv"))[-1]
        return placement.insert(
            network, dropout, before=keras.layers.Conv2D, name=rf"stage\d_.*conv{last}"
        )

    def callbacks(self, model: keras.Model) -> list[keras.callbacks.Callback]:
        batches = self.data.batches("train", self.recipe.batch_size)
        images = [x for x, _ in itertools.islice(batches, _BATCHES)]
        curve = ShiftCurve(images, second_stage(model), self.recipe.test_freq)
        return [*super().callbacks(model), curve]

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        return metrics | {
            "train_error": 1.0 - metrics["train_accuracy"],
            "shift_ratio": fit.history["shift_ratio"][-1],
        }


def second_stage(model: keras.Model) -> str:
    """Return the name of the last layer of the second of three stages."""
    return [name for name in _names(model) if name.startswith("stage2_")][-1]


def _names(model: keras.Model) -> Iterable[str]:
    for layer in model.layers:
        yield from _names(layer) if isinstance(layer, keras.Model) else [layer.name]


class ShiftCurve(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds the shift ratio of a layer's output to the logs of an epoch.

    Args:
        batches: Images.
        layer: Name of the layer.
        freq: Epochs between looks.
    """

    def __init__(self, batches: list[Any], layer: str, freq: int) -> None:
        super().__init__()
        self.batches, self.layer, self.freq = batches, layer, freq

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if (epoch + 1) % self.freq == 0 and logs is not None:
            logs["shift_ratio"] = shift_ratio(self.model, self.batches, self.layer)


def shift_ratio(model: keras.Model, batches: list[Any], layer: str) -> float:
    """Return the variance in inference over that in training, of a layer's output.

    The variance of a channel is over all images and places; the channels' mean counts.
    The model is left as it was.
    """
    taps = {
        path: Tap(chosen, lambda _, output: output)
        for path, chosen in select_layers(model, layer).items()
    }
    variances = {mode: Variance() for mode in (False, True)}
    observe = Observer(model, taps)
    with preserved(model.non_trainable_variables) as restore:
        for batch, (mode, variance) in itertools.product(batches, variances.items()):
            ((output,),) = observe(batch, training=mode).readings.values()
            rows = feature_rows(keras.ops.convert_to_numpy(output)).astype("float64")
            variance.merge(len(rows), rows.mean(0), rows.var(0))
            restore()
    inference, training = (np.mean(v.variance) for v in variances.values())
    return float(inference / training)
