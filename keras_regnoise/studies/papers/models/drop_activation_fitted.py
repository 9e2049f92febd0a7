from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import DropActivation, RandomizedLeakyReLU
from keras_regnoise.models import BASELINE
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    divided_by_ten,
)

_RATE = 0.05
_ACTIVATIONS: dict[str, Callable[[int], keras.layers.Layer]] = {
    "ReLU": lambda _: keras.layers.ReLU(),
    "Drop-Activation": lambda seed: DropActivation(rate=_RATE, seed=seed),
    "LeakyReLU": lambda _: keras.layers.LeakyReLU(_RATE),
    "RReLU": lambda seed: RandomizedLeakyReLU(seed=seed),
}


class FittedModel(PaperModel):
    """The small ConvNet with other activations, or with Dropout."""

    def protocol(self, hp: Any) -> Protocol:
        return Protocol(divided_by_ten(0.5, 0.75))

    def network(self, hp: Any) -> keras.Model:
        filters, seed = self.recipe.options["filters"], hp.get("seed")
        noise: dict[str, Any] = {}
        if hp.get("dropout"):
            noise = {
                "unit": ("noise", *BASELINE),
                "noise": partial(keras.layers.Dropout, hp.get("dropout"), seed=seed),
                "noise_stages": (2, 3),
            }
        return models.convnet(
            filters,
            hidden=filters[-1],
            activation=partial(_ACTIVATIONS[hp.get("activation")], seed),
            layers={"norm": batch_norm},
            **noise,
            **self.sizes(hp),
        )
