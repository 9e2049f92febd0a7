from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.datasets.split import Split
from keras_regnoise.layers import VarianceConstancy
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.protocol import divided_by_ten, piecewise
from keras_regnoise.studies.papers.vcl_clusters import SHARES, THEOREM, TRAINED

_MEANS = np.array([[2.0, 1.0], [-1.2, -1.4]])  # 4 standard deviations apart
_POINTS = 2000


def _points(share: float, seed: int) -> dict[str, Split]:
    random = np.random.default_rng(seed)
    splits = {}
    for part in ("train", "validation", "test"):
        second = (random.random(_POINTS) >= share).astype("int64")
        x = _MEANS[second] + random.normal(size=(_POINTS, 2))
        splits[part] = Split(x.astype("float32"), second)
    return splits


def clusters() -> Any:
    """Return three splits of two clusters, from which the unit is sized."""
    return tuple(tuple(split) for split in _points(SHARES[0], 0).values())


def _nothing(y_true: Any, y_pred: Any) -> Any:
    """Return a loss of 0: what is learned is learned from VCL."""
    del y_true
    return 0.0 * keras.ops.mean(y_pred, axis=-1)


class ClustersModel(StudyModel):
    """Linear units, each with VCL and nothing else."""

    shares_programs = True

    def build(self, hp: Any) -> keras.Model:
        units = self.recipe.options["units"]
        initializer = keras.initializers.RandomNormal(seed=self.seed(hp, "unit"))
        dense = keras.layers.Dense(
            units, use_bias=False, kernel_initializer=initializer, name="unit"
        )
        vcl = VarianceConstancy(1.0, sample_size=10, name="vcl")
        model = keras.Sequential([keras.Input(self.data.shape), dense, vcl])
        drops = divided_by_ten(0.5, 0.75)
        rate = piecewise(self.recipe.learning_rate, self.steps, drops)
        model.compile(keras.optimizers.Adam(rate), _nothing)
        return model

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        share, kind = hp.get("share"), hp.get("unit")
        splits = _points(share, hp.get("seed"))
        self.data = from_splits(self.data.name, splits, self.data.classes)
        theorem = analysis.vcl_projection(_MEANS, np.eye(2), share)
        metrics = super().fit(hp, model, fit) if kind == TRAINED else {}
        kernel = keras.ops.convert_to_numpy(model.get_layer("unit").kernel)
        directions = theorem.basis if kind == THEOREM else kernel
        directions = directions / np.linalg.norm(directions, axis=0)
        within = np.linalg.norm(theorem.basis.T @ directions, axis=0)
        outputs = np.asarray(self.data.test.x, "float64") @ directions
        return metrics | {
            "cosine": float(within.mean()),
            "kurtosis": float(analysis.kurtosis(outputs).mean()),
        }
