from functools import partial
from statistics import fmean
from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis, models
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
_MEASURED, _LARGEST = "stage3", 1e3


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
        metrics["variance_shift"] = _shift(model, batches)
        trained = model.get_weights()
        analysis.recalibrate_batch_normalization(model, batches, max_passes=2)
        test = self.data.batches("test", self.evaluation_batch_size)
        values = model.evaluate(test, verbose=0, return_dict=True)
        metrics["recalibrated_test_accuracy"] = float(values["accuracy"])
        model.set_weights(trained)
        return metrics


def _shift(model: keras.Model, batches: Any) -> float:
    return fmean(
        # A feature that is dead without noise has an infinite ratio.
        float(np.minimum(layer.ratio, _LARGEST).mean())
        for path, layer in analysis.variance_shift(model, batches).items()
        if _MEASURED in path
    )
