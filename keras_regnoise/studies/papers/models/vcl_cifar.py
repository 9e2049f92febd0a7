from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import VarianceConstancy
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    clipped_sgd,
    with_errors,
)

_ACTIVATIONS: dict[str, Any] = {
    "ReLU": "relu",
    "LReLU": partial(keras.layers.LeakyReLU, negative_slope=0.2),
    "ELU": "elu",
}
_NORMALIZATIONS: dict[str, Any] = {
    "none": None,
    "bn": batch_norm,
    "ln": partial(keras.layers.LayerNormalization, axis=(1, 2, 3)),
    "gn": partial(keras.layers.GroupNormalization, groups=4),
    **{f"vcl, n = {n}": partial(VarianceConstancy, 0.01, n) for n in (9, 7, 5, 3, 2)},
}
# Factor of the learning rate by epoch of 500: the text, and the released code, of which
# the epochs alone are known.
_TEXT = {180: 0.4, 280: 0.04, 380: 0.004, 480: 0.0004}
_RELEASED = {60: 0.4, 100: 0.04, 140: 0.004}
_EPOCHS = 500


class VCLImageModel(PaperModel):
    """The 11-layer network with the normalization of the arm before its activations."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        factors = _RELEASED if hp.get("released") else _TEXT
        drops = {epoch / _EPOCHS: factor for epoch, factor in factors.items()}
        return Protocol(drops, clipped_sgd, weight_decay=1e-4)

    def widening(self, hp: Any) -> int:
        """Return the factor of the filters."""
        return 2 if hp.get("released") else 1

    def network(self, hp: Any) -> keras.Model:
        factory = _NORMALIZATIONS[hp.get("normalization")]
        layers = {"normalization": factory} if factory else {}
        return models.elu_network(
            ("conv", *layers, "relu"),
            activation=_ACTIVATIONS[hp.get("activation")],
            widening=self.widening(hp),
            layers=layers,
            **self.sizes(hp),
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        return with_errors(super().fit(hp, model, fit))
