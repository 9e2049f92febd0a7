from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import ICLayer
from keras_regnoise.models import BASELINE, IC_UNITS
from keras_regnoise.studies.papers.ic_units import NETWORKS, UNITS
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    divided_by_ten,
)

_WORDS = dict(zip(UNITS, (BASELINE, *IC_UNITS.values()), strict=True))


class ICModel(PaperModel):
    """A residual network of the unit of the arm."""

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
