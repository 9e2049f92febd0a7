from functools import partial
from statistics import fmean
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import CenteredDropout, SpatialRotationOut
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    divided_by_ten,
)
from keras_regnoise.studies.papers.rotationout_keep_rate import NETWORKS

# By architecture: the unit without noise and with it, and the stages that have it.
_UNITS: dict[str, tuple[Any, ...]] = {
    "resnet": (("conv", "norm", "relu"), ("noise", "conv", "norm", "relu"), (3,)),
    "wide_resnet": (
        ("norm", "relu", "conv"),
        ("norm", "relu", "noise", "conv"),
        (2, 3),
    ),
}
_NOISES: dict[str, Any] = {
    "Dropout": keras.layers.Dropout,
    "CenteredDropout": CenteredDropout,
    "SpatialDropout": keras.layers.SpatialDropout2D,
    "CenteredSpatialDropout": partial(CenteredDropout, spatial=True),
    "RotationOut": SpatialRotationOut,
    "RotationOut uniform": partial(SpatialRotationOut, angles="uniform"),
    "RotationOut truncated": partial(SpatialRotationOut, angles="truncated_gaussian"),
}
# What the authors' networks have instead.
_RELEASED: dict[str, Any] = {
    "Dropout": keras.layers.SpatialDropout2D,
    "RotationOut": partial(SpatialRotationOut, shared_angle=True),
}


class RotationOutModel(PaperModel):
    """A residual network with noise before every convolution of its last stages."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        decay = 1e-4 if "released" in hp.values else 1e-5
        return Protocol(divided_by_ten(0.5, 0.75), weight_decay=decay)

    def network(self, hp: Any) -> keras.Model:
        architecture, depth, _ = NETWORKS[hp.get("network")]
        unit, noisy_unit, stages = _UNITS[architecture]
        noise: dict[str, Any] = {}
        if hp.get("noise") != "none":
            noises = _RELEASED if "released" in hp.values else _NOISES
            rate, seed = 1.0 - hp.get("keep_rate"), hp.get("seed")
            noise["noise"] = partial(noises[hp.get("noise")], rate, seed=seed)
            noise["noise_stages"] = stages
            unit = noisy_unit
        return getattr(models, architecture)(
            depth, unit=unit, layers={"norm": batch_norm}, **noise, **self.sizes(hp)
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        if self.recipe.test_freq == 1:
            curve = (fit.history or model.history.history)["test_accuracy"]
            metrics["average_test_accuracy"] = fmean(curve[-10:])
            metrics["best_test_accuracy"] = max(curve)
        return metrics
