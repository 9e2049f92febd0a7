import re
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis, models
from keras_regnoise.analysis import VarianceShift
from keras_regnoise.layers import CenteredDropout
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.dropout_placement import NETWORKS
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    divided_by_ten,
)

# One layer of noise in every unit, between its convolutions.
_UNITS = {
    "none": ("conv", "norm", "relu", "conv", "norm", "relu"),
    "a": ("conv", "noise", "norm", "relu", "conv", "norm", "relu"),
    "b": ("conv", "norm", "relu", "noise", "conv", "norm", "relu"),
}
_STAGES = {
    "stage 1": (1,),
    "stage 2": (2,),
    "stage 3": (3,),
    "all stages": (1, 2, 3),
}
_RATE = 0.5
_MEASURED = "stage3"
_LARGEST = 1e3  # a feature that is dead without noise has an infinite ratio
# Which normalization of a unit, in its order, is right behind the noise.
_BEHIND = {"a": 0, "b": 1}


class PlacementModel(PaperModel):
    """A residual network with one layer of dropout in each unit of some stages."""

    def protocol(self, hp: Any) -> Protocol:
        return Protocol(divided_by_ten(0.5, 0.75), weight_decay=1e-5)

    def network(self, hp: Any) -> keras.Model:
        place, seed = hp.get("place"), hp.get("seed")
        kind = CenteredDropout if hp.get("centred") else keras.layers.Dropout
        noise: Any = {
            "noise": partial(kind, _RATE, seed=seed),
            "noise_stages": _STAGES[hp.get("stages")],
        }
        return models.resnet(
            NETWORKS[hp.get("network")][0],
            _UNITS[place],
            layers={"norm": batch_norm},
            **(noise if place != "none" else {}),
            **self.sizes(hp),
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        recipe = self.recipe
        batches = self.data.batches(
            "train",
            recipe.batch_size,
            seed=hp.get("seed"),
            augmentation=recipe.augmentation,
        )
        metrics |= _shifts(analysis.variance_shift(model, batches), hp)
        trained = model.get_weights()
        analysis.recalibrate_batch_normalization(model, batches, max_passes=2)
        test = self.data.batches("test", self.evaluation_batch_size)
        values = model.evaluate(test, verbose=0, return_dict=True)
        metrics["recalibrated_test_accuracy"] = float(values["accuracy"])
        model.set_weights(trained)
        return metrics


def _shifts(measured: Mapping[str, VarianceShift], hp: Any) -> dict[str, float]:
    """Return how the variance shifts right behind the noise, block by block.

    Of the network without noise all normalizations count.
    """
    blocks = _blocks(measured, _BEHIND.get(hp.get("place")))
    keep = 1.0 - _RATE if (hp.get("place"), hp.get("centred")) == ("a", True) else 1.0
    metrics = _summary("variance_shift", blocks, 1.0)
    metrics |= _summary("corrected_variance_shift", blocks, keep)
    before = np.concatenate([shift.inference for shift in blocks])
    after = np.concatenate([shift.training for shift in blocks])
    metrics["variance_increase"] = float(after.mean() / before.mean()) - 1.0
    for number, shift in enumerate(blocks, 1):
        name = f"variance_shift_block{number}"
        metrics |= _summary(name, [shift], 1.0)
    return metrics


def _blocks(
    measured: Mapping[str, VarianceShift], behind: int | None
) -> list[VarianceShift]:
    units: dict[str, list[VarianceShift]] = {}
    for path, shift in measured.items():
        if found := re.search(rf"({_MEASURED}_unit\d+)_norm", path):
            units.setdefault(found[1], []).append(shift)
    if behind is None:
        return [shift for unit in units.values() for shift in unit]
    return [unit[behind] for unit in units.values()]


def _summary(
    name: str, blocks: Sequence[VarianceShift], keep: float
) -> dict[str, float]:
    """Return mean, spread and maximum of the ratio over the features, by block.

    Args:
        name: Of the metric.
        blocks: One for each block.
        keep: By which the variance in training is multiplied first.
    """
    ratios = [
        np.minimum(VarianceShift(keep * b.training, b.inference).ratio, _LARGEST)
        for b in blocks
    ]
    return {
        name: fmean(float(ratio.mean()) for ratio in ratios),
        f"{name}_spread": fmean(float(ratio.std()) for ratio in ratios),
        f"{name}_max": fmean(float(ratio.max()) for ratio in ratios),
    }
