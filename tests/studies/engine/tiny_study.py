"""A study whose cells take a moment; run by path."""

import os
import time
from dataclasses import replace

import keras

from keras_regnoise.layers import RotationOut
from keras_regnoise.studies import Arm, Fit, Recipe, Study, StudyModel


class TinyModel(StudyModel):
    """One hidden layer, noise and a head."""

    def build(self, hp):
        noise = {"none": lambda rate, seed: keras.layers.Identity()}.get(
            hp.get("noise"), keras.layers.Dropout
        )
        if hp.get("noise") == "RotationOut":
            noise = RotationOut
        dense = {
            name: keras.initializers.GlorotUniform(seed=self.seed(hp, name))
            for name in ("hidden", "head")
        }
        model = keras.Sequential(
            [
                keras.Input(self.data.shape),
                keras.layers.Flatten(),
                keras.layers.Dense(16, "relu", kernel_initializer=dense["hidden"]),
                noise(hp.get("rate"), seed=self.seed(hp, "noise")),
                keras.layers.Dense(10, "softmax", kernel_initializer=dense["head"]),
            ]
        )
        model.compile(
            keras.optimizers.Adam(self.recipe.learning_rate),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model

    def fit(self, hp, model, fit=Fit()):
        pause = self.recipe.options.get("pause_s", 0.0)
        pause = float(os.environ.get("PAUSE_S", pause))
        slow = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: time.sleep(pause)
        )
        slowed = replace(fit, callbacks=(*fit.callbacks, slow))
        return super().fit(hp, model, slowed)


STUDY = Study(
    name="tiny",
    title="A small network on a few digits",
    model=TinyModel,
    data="digits",
    arms=(
        Arm("none", {"noise": "none", "rate": 0.0}),
        Arm("Dropout 0.2", {"noise": "Dropout", "rate": 0.2}),
        Arm("RotationOut 0.2", {"noise": "RotationOut", "rate": 0.2}),
        Arm("RotationOut 0.4", {"noise": "RotationOut", "rate": 0.4}),
    ),
    baseline="none",
    recipes={
        "smoke": Recipe(
            epochs=3,
            batch_size=20,
            seeds=(0, 1),
            learning_rate=2e-2,
            examples=100,
            test_examples=100,
        ),
        "short": Recipe(
            epochs=40,
            batch_size=20,
            seeds=(0,),
            learning_rate=2e-2,
            examples=100,
            test_examples=100,
            options={"pause_s": 0.1},
        ),
    },
    x="rate",
    series="noise",
)
