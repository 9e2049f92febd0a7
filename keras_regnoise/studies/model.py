from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner

from keras_regnoise._seeds import derived_seed
from keras_regnoise.datasets import DataSet
from keras_regnoise.studies.curve import TestCurve
from keras_regnoise.studies.study import Recipe

_PARTS = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Fit:
    """What an interrupted training needs to go on.

    Attributes:
        callbacks: Callbacks of the engine, for `model.fit`.
        initial_epoch: Epochs that are trained already.
        history: Metrics by epoch, those before an interruption too; it grows while
            the model trains.
    """

    callbacks: tuple[Any, ...] = ()
    initial_epoch: int = 0
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)


class StudyModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """The model of a study: subclass it and write `build`.

    Args:
        recipe: The recipe of the chosen scale.
        data: The data set.

    Attributes:
        recipe: See above.
        data: See above; `data.shape` and `data.classes` size the model.
    """

    def __init__(self, recipe: Recipe, data: DataSet) -> None:
        super().__init__()
        self.recipe = recipe
        self.data = data

    @property
    def steps(self) -> int:
        """Training steps in all, for learning rate schedules."""
        per_epoch = self.data.sizes["train"] // self.recipe.batch_size
        return max(1, per_epoch * self.recipe.epochs)

    @staticmethod
    def seed(hp: Any, name: str) -> int:
        """Derive the seed of a layer from the cell's seed and the layer's name.

        Layers of one name start from the same weights in all arms of a seed.
        """
        seed: int = derived_seed(hp.get("seed"), name)
        return seed

    def build(self, hp: Any) -> keras.Model:
        """Build and compile the model of a cell.

        Args:
            hp: `hp.get("rate")` and so on give the values of the arm, and
                `hp.get("seed")` the seed of the cell.
        """
        raise NotImplementedError

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        """Train, then measure; the test part is looked at after the last epoch.

        Args:
            hp: See `build`.
            model: The model that `build` made.
            fit: What the engine adds.

        Returns:
            Metrics, such as `"test_accuracy"`, of the last epoch.
        """
        recipe = self.recipe
        batches = self.data.batches(
            "train",
            recipe.batch_size,
            seed=hp.get("seed"),
            augmentation=recipe.augmentation,
            initial_epoch=fit.initial_epoch,
        )
        model.fit(
            batches,
            epochs=recipe.epochs,
            initial_epoch=fit.initial_epoch,
            validation_data=self.validation(),
            validation_freq=recipe.validation_freq,
            callbacks=[*self._test_curve(), *fit.callbacks],
            verbose=0,
        )
        return self.evaluate(model)

    def _test_curve(self) -> list[keras.callbacks.Callback]:
        if not self.recipe.test_freq:
            return []
        batches = self.data.batches("test", self.evaluation_batch_size)
        return [TestCurve(batches, self.recipe.test_freq)]

    def validation(self) -> Iterable[Any]:
        """Return the batches that `val_` metrics of each epoch are about."""
        batches: Iterable[Any] = self.data.batches(
            "validation", self.evaluation_batch_size
        )
        return batches

    def evaluate(self, model: keras.Model) -> dict[str, float]:
        """Measure every compiled metric on every part."""
        metrics: dict[str, float] = {}
        for part, prefix in _PARTS.items():
            batches = self.data.batches(part, self.evaluation_batch_size)
            values = model.evaluate(batches, verbose=0, return_dict=True)
            metrics |= {f"{prefix}_{name}": float(v) for name, v in values.items()}
        return metrics

    @property
    def evaluation_batch_size(self) -> int:
        """Examples of a batch where nothing is trained; it changes no number."""
        return max(500, self.recipe.batch_size)
