from typing import Any

import keras

from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.early_stopping import CONTINUE, RESTART, STOPPED
from keras_regnoise.studies.papers.models.keep_rate import KeepRateModel
from keras_regnoise.training import refit


class EarlyStoppingModel(KeepRateModel):
    """The MLP of `keep-rate`, trained to the end, stopped, or stopped and refitted."""

    shares_programs = False

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        way, recipe = hp.get("way"), self.recipe
        if way not in (STOPPED, RESTART, CONTINUE):
            return super().fit(hp, model, fit)
        # The engine's callbacks hear of the whole and not of its two runs: a backup in
        # between could not tell which of them to go on with.
        outer = keras.callbacks.CallbackList(list(fit.callbacks), model=model)
        outer.on_train_begin()
        stopping = keras.callbacks.EarlyStopping(
            patience=recipe.options["patience"], restore_best_weights=True
        )
        options: dict[str, Any] = {
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "verbose": 0,
        }
        train, validation = self.data.train, self.data.validation
        if way == STOPPED:
            model.fit(
                *train,
                validation_data=tuple(validation),
                callbacks=[stopping],
                **options,
            )
        else:
            refit(
                model,
                tuple(train),
                tuple(validation),
                strategy=way,
                early_stopping=stopping,
                **options,
            )
        outer.on_epoch_begin(recipe.epochs - 1)
        outer.on_train_batch_end(self.steps - 1)
        outer.on_epoch_end(recipe.epochs - 1, {})
        outer.on_train_end()
        return self.evaluate(model)
