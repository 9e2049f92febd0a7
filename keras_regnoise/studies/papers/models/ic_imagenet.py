from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import keras

from keras_regnoise.layers import ICLayer
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.ic_imagenet import UNITS
from keras_regnoise.studies.papers.models.imagenet import ImageNetModel
from keras_regnoise.studies.papers.protocol import batch_norm, with_errors


class ICImageNetModel(ImageNetModel):
    """The network of the unit of the arm."""

    drops = MappingProxyType({30 / 90: 0.1, 60 / 90: 0.01})

    def resnet(self, hp: Any, build: Callable[..., keras.Model]) -> keras.Model:
        rate, seed = hp.get("rate"), hp.get("seed")
        layers = {
            "ic": lambda: ICLayer(rate, batch_norm(), seed=seed),
            "norm": batch_norm,  # of the shortcuts
        }
        return build(unit=UNITS[hp.get("unit")], layers=layers)

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        return with_errors(super().fit(hp, model, fit))
