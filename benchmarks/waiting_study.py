"""Cells that mostly wait: what a search adds to them is its own."""

import time
from dataclasses import replace
from typing import Any

import keras

from keras_regnoise.studies import Arm, Fit, Recipe, Study, StudyModel


class WaitingModel(StudyModel):
    """A linear classifier whose epochs take as long as the recipe says."""

    def build(self, hp: Any) -> keras.Model:
        model = keras.Sequential([keras.Input(self.data.shape), keras.layers.Flatten()])
        model.add(keras.layers.Dense(self.data.classes, "softmax"))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        pause = self.recipe.options["pause_s"]
        wait = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: time.sleep(pause)
        )
        waiting = replace(fit, callbacks=(*fit.callbacks, wait))
        metrics: dict[str, float] = super().fit(hp, model, waiting)
        return metrics


def _recipe(epochs: int, arms: str, pause_s: float) -> Recipe:
    return Recipe(
        epochs=epochs,
        batch_size=50,
        seeds=(0,),
        arms=(arms,),
        examples=100,
        test_examples=100,
        options={"pause_s": pause_s},
    )


STUDY = Study(
    name="waiting",
    title="What a search costs besides training",
    model=WaitingModel,
    data="digits",
    arms=tuple(Arm(f"arm {n:03}") for n in range(100)),
    baseline="arm 000",
    recipes={"smoke": _recipe(1, "*", 0.0), "short": _recipe(20, "arm 00?", 0.5)},
)
