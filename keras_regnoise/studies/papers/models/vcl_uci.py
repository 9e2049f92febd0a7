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
    chosen_by_validation,
    clipped_sgd,
    divided_by_ten,
)

_WORDS = {"none": (), "bn": ("norm",), "vcl": ("vcl",)}
_LAYERS: dict[str, Any] = {
    "norm": batch_norm,
    "vcl": partial(VarianceConstancy, 0.01, sample_size=10),
}


class VCLModel(PaperModel):
    """Hidden layers of 256 units, with or without a normalization."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        # The steps are so short that what is around them counts; torch allows for one.
        steps = 1 if keras.config.backend() == "torch" else 7
        return Protocol(
            divided_by_ten(0.4),
            clipped_sgd,
            standardize=None,  # tables are
            steps_per_execution=steps,
        )

    def network(self, hp: Any) -> keras.Model:
        activation, depth, seed = (hp.get(k) for k in ("activation", "depth", "seed"))
        words = _WORDS[hp.get("normalization")]
        noise: dict[str, Any] = {
            "noise": partial(keras.layers.Dropout, 0.5, seed=seed),
            "noise_stages": (depth,),
        }
        if activation == "SELU":
            noise = {"noise": partial(keras.layers.AlphaDropout, 0.05, seed=seed)}
        return models.mlp(
            depth,
            ("dense", *words, "relu", "noise"),
            activation=activation.lower(),
            layers={word: _LAYERS[word] for word in words},
            **noise,
            **self.sizes(hp),
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        history = fit.history or model.history.history
        metrics["test_error"] = 1.0 - metrics["test_accuracy"]
        return metrics | chosen_by_validation(history, self.recipe.options["window"])
