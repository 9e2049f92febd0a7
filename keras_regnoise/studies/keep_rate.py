"""Which noise, and how much of it: a small ConvNet on handwritten digits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner

from keras_regnoise.datasets import Batches, load_digits
from keras_regnoise.layers import (
    DropActivation,
    ICLayer,
    RotationOut,
    SpatialRotationOut,
)
from keras_regnoise.models.seeds import derived_seed

NAME = "keep-rate"
BASELINE = "none"
_EPOCHS, _BATCH_SIZE, _LEARNING_RATE = 40, 50, 2e-3
_STEPS = 400  # 40 epochs of 500 images in batches of 50


def _ic_layer(rate: float, **options: Any) -> ICLayer:
    # Moving averages over 10 steps: with Keras's 100 they would trail behind the
    # weights in a training of 400 steps.
    normalization = keras.layers.BatchNormalization(momentum=0.9)
    return ICLayer(rate, normalization, **options)


# The noise in front of a convolution, and in front of the head, by method.
_NOISES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Dropout": (keras.layers.Dropout, keras.layers.Dropout),
    "RotationOut": (RotationOut, RotationOut),
    "SpatialRotationOut": (SpatialRotationOut, RotationOut),
    "ICLayer": (_ic_layer, _ic_layer),
}
METHODS = (*_NOISES, "DropActivation")


@dataclass(frozen=True)
class Cell:
    """One training of the grid.

    Attributes:
        method: Name of the noise, or `"none"`.
        rate: Its rate; 0 for none.
        seed: Seed of weights, batches and noise.
    """

    method: str
    rate: float
    seed: int

    def __str__(self) -> str:
        arm = self.method if self.method == BASELINE else f"{self.method} {self.rate}"
        return f"{arm}, seed {self.seed}"


def grid(quick: bool = False) -> list[Cell]:
    """Return all cells; `quick` has fewer rates and seeds."""
    rates = (0.1, 0.3) if quick else (0.05, 0.1, 0.2, 0.3)
    seeds = range(2 if quick else 3)
    arms = [(BASELINE, 0.0), *((m, rate) for m in METHODS for rate in rates)]
    return [Cell(*arm, seed) for seed in seeds for arm in arms]


def build_model(cell: Cell) -> keras.Model:
    """Build the ConvNet of a cell, compiled.

    Cells of one seed start from the same weights, whatever their noise. Noise stands
    before every weight layer but the first; DropActivation in place of every ReLU.
    """

    def seed(name: str) -> int:
        return derived_seed(cell.seed, name)

    def weights(kind: Any, *arguments: Any, name: str, **options: Any) -> Any:
        initializer = keras.initializers.HeNormal(seed=seed(name))
        return kind(*arguments, kernel_initializer=initializer, name=name, **options)

    def activation(x: Any, name: str) -> Any:
        if cell.method == "DropActivation":
            return DropActivation(rate=cell.rate, seed=seed(name), name=name)(x)
        return keras.layers.ReLU(name=name)(x)

    def noise(x: Any, name: str) -> Any:
        if cell.method not in _NOISES:
            return x
        kind = _NOISES[cell.method][len(x.shape) == 2]
        return kind(cell.rate, seed=seed(name), name=name)(x)

    inputs = keras.Input((8, 8, 1))
    x = inputs
    for i, filters in enumerate((16, 32, 64), 1):
        x = noise(x, f"noise{i}") if i > 1 else x
        x = weights(keras.layers.Conv2D, filters, 3, padding="same", name=f"conv{i}")(x)
        x = activation(x, f"relu{i}")
        x = keras.layers.MaxPooling2D(name=f"pool{i}")(x) if i > 1 else x
    x = noise(keras.layers.Flatten()(x), "noise_head")
    outputs = weights(keras.layers.Dense, 10, name="head")(x)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


class KeepRate(keras_tuner.HyperModel):  # type: ignore[misc]
    """The search space: the cell is the hyperparameter, the seed a part of it.

    keras-tuner's own repetition of a trial keeps only the mean; a cell per seed keeps
    the spread, and pairs of cells that differ in the noise alone.
    """

    def __init__(self, cells: list[Cell]) -> None:
        super().__init__(name=NAME)
        self.cells = {str(cell): cell for cell in cells}
        self.data = load_digits()

    def cell(self, hp: Any) -> Cell:
        """Return the cell that a trial is about."""
        return self.cells[hp.Choice("cell", list(self.cells))]

    def build(self, hp: Any) -> keras.Model:
        return build_model(self.cell(hp))

    def fit(self, hp: Any, model: keras.Model, **_: Any) -> dict[str, float]:
        """Train and measure; the test part is looked at once, after the last epoch."""
        train, validation, test = self.data
        keras.utils.set_random_seed(self.cell(hp).seed)
        batches = Batches(train, _BATCH_SIZE, self.cell(hp).seed)
        model.fit(batches, epochs=_EPOCHS, verbose=0)
        metrics: dict[str, float] = {}
        for name, part in (("train", train), ("val", validation), ("test", test)):
            loss, accuracy = model.evaluate(*part, batch_size=500, verbose=0)
            metrics |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
        return metrics
