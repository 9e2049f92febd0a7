from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.split import Split
from keras_regnoise.layers import DropActivation, RandomizedLeakyReLU
from keras_regnoise.studies.model import Fit, StudyModel

_POINTS, _END = 20, 10.0
_RATE = 0.05
Array = np.ndarray[Any, Any]
Random = np.random.Generator


def _x_sin_x(random: Random | None) -> tuple[Array, Array]:
    if random is None:
        x = _grid()
        return x, x * np.sin(x)
    x = random.uniform(0.0, _END, _POINTS)
    return x, x * np.sin(x) + random.normal(size=_POINTS)


def _step(random: Random | None) -> tuple[Array, Array]:
    if random is None:
        x = _grid()
        return x, np.sign(x - _END / 2)
    x = np.clip(random.normal(_END / 2, 2.0, _POINTS), 0.0, _END)
    return x, np.sign(x - _END / 2) + 0.3 * random.normal(size=_POINTS)


def _grid() -> Array:
    return np.linspace(0.0, _END, 201)


_FUNCTIONS: dict[str, Callable[[Random | None], tuple[Array, Array]]] = {
    "x sin x": _x_sin_x,
    "step": _step,
}


def points(function: str, seed: int) -> dict[str, Split]:
    """Draw the training and validation points of a seed; the test points are a grid."""
    random = np.random.default_rng(seed)
    draws = {"train": random, "validation": random, "test": None}
    return {part: _split(*_FUNCTIONS[function](draw)) for part, draw in draws.items()}


def _split(x: Array, y: Array) -> Split:
    inputs = (x - _END / 2) / 3.0
    return Split(inputs[:, None].astype("float32"), y[:, None].astype("float32"))


def x_sin_x() -> Any:
    """Return the three splits of seed 0, from which the network is sized."""
    return tuple(tuple(split) for split in points("x sin x", 0).values())


def step() -> Any:
    """Return the three splits of seed 0, from which the network is sized."""
    return tuple(tuple(split) for split in points("step", 0).values())


class RegressionModel(StudyModel):
    """Three wide layers, trained on points that every seed draws anew."""

    shares_programs = True

    def build(self, hp: Any) -> keras.Model:
        inputs = x = keras.Input(self.data.shape)
        for number, units in enumerate(self.recipe.options["widths"], 1):
            x = self._dense(hp, units, f"dense{number}")(x)
            x = self._activation(hp, f"activation{number}")(x)
            if hp.get("activation").startswith("Dropout"):
                seed = self.seed(hp, f"dropout{number}")
                x = keras.layers.Dropout(0.1, seed=seed)(x)
        model = keras.Model(inputs, self._dense(hp, 1, "head")(x))
        optimizer = keras.optimizers.Adam(self.recipe.learning_rate)
        model.compile(optimizer, "mse", metrics=["r2_score"])
        return model

    def _dense(self, hp: Any, units: int, name: str) -> keras.layers.Dense:
        initializer = keras.initializers.HeNormal(seed=self.seed(hp, name))
        return keras.layers.Dense(units, kernel_initializer=initializer, name=name)

    def _activation(self, hp: Any, name: str) -> keras.layers.Layer:
        seed, kind = self.seed(hp, name), hp.get("activation")
        if kind == "Drop-Activation":
            return DropActivation(rate=_RATE, seed=seed, name=name)
        if kind == "LeakyReLU":
            return keras.layers.LeakyReLU(_RATE, name=name)
        if kind == "RReLU":
            return RandomizedLeakyReLU(seed=seed, name=name)
        return keras.layers.ReLU(name=name)

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        self.data = _of_seed(self.data, hp.get("function"), hp.get("seed"))
        return super().fit(hp, model, fit)


def _of_seed(data: DataSet, function: str, seed: int) -> DataSet:
    return from_splits(data.name, points(function, seed), data.classes)
