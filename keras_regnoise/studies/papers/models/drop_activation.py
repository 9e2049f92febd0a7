from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import DropActivation
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    divided_by_ten,
)


class DropActivationModel(PaperModel):
    """The small ConvNet with Drop-Activation in place of every ReLU."""

    def protocol(self, hp: Any) -> Protocol:
        return Protocol(divided_by_ten(0.5, 0.75))

    def network(self, hp: Any) -> keras.Model:
        drop_rate, seed = 1.0 - hp.get("keep_probability"), hp.get("seed")
        filters = self.recipe.options["filters"]
        return models.convnet(
            filters,
            hidden=filters[-1],
            activation=lambda: DropActivation(rate=drop_rate, seed=seed),
            layers={"norm": batch_norm},
            **self.sizes(hp),
        )
