from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise import tuning
from keras_regnoise.datasets import DataSet, fold
from keras_regnoise.studies.model import StudyModel, checked_model
from keras_regnoise.studies.study import Recipe
from keras_regnoise.studies.user_code import load_function
from keras_regnoise.tuning.noise_hyper_model import takes_hp

LAYERS = ("dropout", "rotationout")
RATES = (0.1, 0.3, 0.5)
PLACEMENTS = ("before_weights", "after_activation", "before_head")


def load_model_function(build: str) -> Callable[..., keras.Model]:
    """Return the function of the user's that builds a model, or that of a file."""
    is_file = build.endswith(".keras")
    return tuning.from_file(build) if is_file else load_function(build)


class TuneModel(StudyModel):
    """The user's model with the noise of an arm; the recipe's options say which."""

    def __init__(self, recipe: Recipe, data: DataSet) -> None:
        super().__init__(recipe, data)
        self._whole = data

    def build(self, hp: Any) -> keras.Model:
        folds = self.recipe.options.get("folds", 0)
        if folds:
            self.data = fold(self._whole, folds, hp.get("seed"))
        keras.utils.set_random_seed(hp.get("seed"))
        space = self.space()
        model = (space if callable(space) else space.build)(hp)
        return checked_model(model, self.recipe.options["build"])

    def space(self) -> tuning.NoiseHyperModel | Callable[..., keras.Model]:
        """Return the search space: noise put into the user's model.

        A function of `hp` is a space of its own, and combined with that of the noise
        only if kinds, rates or placements are asked for.
        """
        options = self.recipe.options
        build = load_model_function(options["build"])
        layers, rates, placements = (
            tuple(options[name]) for name in ("layers", "rates", "placements")
        )
        if takes_hp(build) and not (layers or rates or placements):
            return build
        return tuning.NoiseHyperModel(
            build,
            layers=layers or LAYERS,
            rates=(0.0, *(rates or RATES)),
            placements=placements or PLACEMENTS,
        )

    @property
    def evaluation_batch_size(self) -> int:
        """The user's own: the model may have no other, or the memory no room."""
        return self.recipe.batch_size
