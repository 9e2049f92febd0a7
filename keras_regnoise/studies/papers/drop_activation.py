"""How many activations to keep: Figure 2 of Drop-Activation."""

from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import DropActivation
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.papers.protocol import compile_with, standardized, stepwise
from keras_regnoise.studies.study import Arm, Recipe, Study

_PROBABILITIES = tuple(f"{1 - 0.05 * i:.2f}" for i in range(9))  # 1.00 to 0.60


class DropActivationModel(StudyModel):
    """The small ConvNet with Drop-Activation in place of every ReLU."""

    def build(self, hp: Any) -> keras.Model:
        drop_rate, seed = 1.0 - hp.get("keep_probability"), hp.get("seed")
        filters = self.recipe.options["filters"]
        network = models.convnet(
            filters,
            hidden=filters[-1],
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=seed,
            activation=lambda: DropActivation(rate=drop_rate, seed=seed),
            layers={"norm": partial(keras.layers.BatchNormalization, momentum=0.9)},
        )
        model = standardized(network, self.data)
        rate = stepwise(self.recipe.learning_rate, self.steps, (0.5, 0.75))
        return compile_with(model, keras.optimizers.SGD(rate, momentum=0.9))


def _arms(group: str, data: str) -> list[Arm]:
    return [Arm(p, {"keep_probability": float(p)}, group, data) for p in _PROBABILITIES]


STUDY = Study(
    name="drop-activation",
    title="How many activations Drop-Activation should keep, in a small ConvNet",
    model=DropActivationModel,
    data="cifar10",
    arms=(*_arms("CIFAR-10", "cifar10"), *_arms("digits", "digits")),
    baseline=_PROBABILITIES[0],
    recipes={
        "smoke": Recipe(
            epochs=3,
            batch_size=50,
            seeds=(0,),
            learning_rate=0.02,
            examples=200,
            test_examples=200,
            arms=("digits: 1.00", "digits: 0.95", "digits: 0.60"),
            options={"filters": (8, 16, 32)},
        ),
        "short": Recipe(
            epochs=16,
            batch_size=50,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.02,
            examples=2000,
            validation_examples=500,
            test_examples=5000,
            arms=("CIFAR-10",),
            validation_freq=4,
            options={"filters": (32, 64, 128)},
            deviations=(
                "2,000 training images, 640 steps of batch 50, learning rate 0.02, "
                "5 runs instead of 20; 500 validation and 5,000 test images.",
                "No augmentation: with it, a training this short would not overfit.",
            ),
        ),
        "paper": Recipe(
            epochs=100,
            batch_size=128,
            seeds=tuple(range(20)),
            learning_rate=0.05,
            arms=("CIFAR-10",),
            augmentation=("pad_crop", "flip"),
            validation_freq=10,
            options={"filters": (32, 64, 128)},
        ),
    },
    paper="Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization, "
    "2018",
    table="Figure 2",
    deviations=(
        "The figure prints no numbers; the text says that the error is smallest at "
        "0.95 (average of 20 runs).",
        "The paper gives neither widths, nor schedule, nor weight decay of this "
        "network: 32, 64 and 128 filters, 128 hidden units, 100 epochs of batch 128, "
        "SGD from 0.05 with momentum 0.9, divided by 10 at one half and three "
        "quarters, no decay.",
        "A tenth of the training images is a validation part.",
    ),
    x="keep_probability",
)
