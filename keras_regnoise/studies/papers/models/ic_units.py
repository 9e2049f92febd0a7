from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_regnoise import models
from keras_regnoise.layers import ICLayer
from keras_regnoise.models import BASELINE, IC_UNITS
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.ic_units import NETWORKS, UNITS
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    divided_by_ten,
)

_WORDS = dict(zip(UNITS, (BASELINE, *IC_UNITS.values()), strict=True))


class ICModel(PaperModel):
    """A residual network of the unit of the arm."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        drops = divided_by_ten(0.4, 0.6, 0.8)
        return Protocol(drops, keras.optimizers.Adam, standardize="pixels")

    def network(self, hp: Any) -> keras.Model:
        depth, bottlenecks, _ = NETWORKS[hp.get("network")]
        unit, seed = _WORDS[hp.get("unit")], hp.get("seed")
        rate = hp.values.get("rate", 0.05)
        momentum = self.recipe.options["momentum"]
        norm = partial(keras.layers.BatchNormalization, momentum=momentum)
        return models.resnet(
            depth,
            unit,
            bottlenecks=bottlenecks,
            layers={"ic": lambda: ICLayer(rate, norm(), seed=seed)}
            if "ic" in unit
            else {"norm": norm},
            **self.sizes(hp),
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        curve = (fit.history or model.history.history)["accuracy"]
        return metrics | {"steps_to_80": steps_to(0.8, curve, self.steps)}


def steps_to(level: float, curve: Sequence[float], steps: int) -> float:
    """Return the steps until a curve is at a level, on a line between two epochs.

    Args:
        level: The level.
        curve: A mean of every epoch, which stands at the middle of it.
        steps: Steps of all epochs, returned where the curve stays below.
    """
    above = np.asarray(curve) >= level
    if not above.any():
        return float(steps)
    epoch, middle = int(above.argmax()), 0.5
    if epoch:
        low, high = curve[epoch - 1], curve[epoch]
        middle -= (high - level) / (high - low)
    return steps / len(curve) * (epoch + middle)
