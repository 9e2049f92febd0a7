"""A study most of whose cells fail, each in its way; run by path."""

import os
import signal
import time
from pathlib import Path

import keras

from keras_regnoise.studies import Arm, Recipe, Study, StudyModel


class TroubledModel(StudyModel):
    """A linear model that does what its arm says."""

    def build(self, hp):
        trouble = hp.get("arm")
        if trouble == "raises":
            raise ValueError("out of luck\nand a second line")
        if trouble == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if trouble == "sleeps":
            time.sleep(600)
        if trouble == "mended" and not Path(os.environ["MENDED"]).exists():
            raise RuntimeError("not mended yet")
        model = keras.Sequential([keras.Input(self.data.shape), keras.layers.Flatten()])
        model.add(keras.layers.Dense(1))
        rate = 1e30 if trouble == "diverges" else 1e-2
        model.compile(keras.optimizers.SGD(rate), "mse", metrics=["accuracy"])
        return model


STUDY = Study(
    name="troubled",
    title="Cells that fail",
    model=TroubledModel,
    data="digits",
    arms=tuple(map(Arm, ("raises", "killed", "diverges", "mended", "sleeps", "fine"))),
    baseline="fine",
    recipes={"smoke": Recipe(3, 50, (0,), examples=100, test_examples=100)},
)
