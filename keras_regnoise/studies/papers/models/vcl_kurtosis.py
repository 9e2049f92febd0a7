from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.models.vcl_uci import VCLModel


class KurtosisModel(VCLModel):
    """That of `vcl-uci`, whose units are looked at when it is trained."""

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        hidden = [x for x in model.layers if isinstance(x, keras.layers.Dense)][:-1]
        units = analysis.sample_activations(
            model, self.data.test.x, hidden, batch_size=self.evaluation_batch_size
        )
        # A scale and a shift behind, as of BatchNormalization, change no kurtosis.
        found = np.concatenate([analysis.kurtosis(rows) for rows in units.values()])
        return metrics | {"median_kurtosis": float(np.nanmedian(found))}
