import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise import tuning
from keras_regnoise.studies.model import StudyModel, checked_model
from keras_regnoise.studies.user_code import load_function

LAYERS = ("dropout", "rotationout")
RATES = (0.1, 0.3, 0.5)
PLACEMENTS = ("before_weights", "after_activation", "before_head")


class TuneModel(StudyModel):
    """The user's model with the noise of an arm; the recipe's options say which."""

    def build(self, hp: Any) -> keras.Model:
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
        build = load_function(options["build"])
        layers, rates, placements = (
            tuple(options[name]) for name in ("layers", "rates", "placements")
        )
        if "hp" in inspect.signature(build).parameters and not (
            layers or rates or placements
        ):
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
