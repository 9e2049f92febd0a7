"""Dropout before or behind the weight, centred or not: appendix A.4 of RotationOut."""

from functools import partial
from statistics import fmean
from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis, models
from keras_regnoise.layers import CenteredDropout
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.protocol import (
    add_weight_decay,
    compile_with,
    standardized,
    stepwise,
)
from keras_regnoise.studies.study import Arm, Recipe, Study, Value

# One layer of noise in every unit, between its convolutions.
_UNITS = {
    "none": ("conv", "norm", "relu", "conv", "norm", "relu"),
    "a": ("conv", "noise", "norm", "relu", "conv", "norm", "relu"),
    "b": ("conv", "norm", "relu", "noise", "conv", "norm", "relu"),
}
_NETWORKS = {
    "ResNet-110, CIFAR-100": (110, "cifar100"),
    "ResNet-20, CIFAR-10": (20, "cifar10"),
    "ResNet-8, digits": (8, "digits"),
}
_STAGES = {
    "stage 3": (3,),
    "stage 1": (1,),
    "stage 2": (2,),
    "all stages": (1, 2, 3),
}
_RATE = 0.5
_MEASURED, _LARGEST = "stage3", 1e3


class PlacementModel(StudyModel):
    """A residual network with one layer of dropout in each unit of some stages."""

    def build(self, hp: Any) -> keras.Model:
        place, seed = hp.get("place"), hp.get("seed")
        kind = CenteredDropout if hp.get("centred") else keras.layers.Dropout
        stages = _STAGES[hp.get("stages")]
        noise: Any = {
            "noise": partial(kind, _RATE, seed=seed),
            "noise_stages": stages,
        }
        norm = partial(keras.layers.BatchNormalization, momentum=0.9)
        network = models.resnet(
            _NETWORKS[hp.get("network")][0],
            _UNITS[place],
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=seed,
            layers={"norm": norm},
            **(noise if place != "none" else {}),
        )
        model = standardized(network, self.data)
        add_weight_decay(model, 1e-5)
        rate = stepwise(self.recipe.learning_rate, self.steps, (0.5, 0.75))
        return compile_with(model, keras.optimizers.SGD(rate, momentum=0.9))

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        batch = self.recipe.batch_size
        batches = self.data.batches(
            "train", batch, seed=hp.get("seed"), augmentation=self.recipe.augmentation
        )
        shift = analysis.variance_shift(model, batches)
        metrics["variance_shift"] = fmean(
            # A feature that is dead without noise has an infinite ratio.
            float(np.minimum(layer.ratio, _LARGEST).mean())
            for path, layer in shift.items()
            if _MEASURED in path
        )
        trained = model.get_weights()
        analysis.recalibrate_batch_normalization(model, batches, max_passes=2)
        test = self.data.batches("test", max(500, batch))
        values = model.evaluate(test, verbose=0, return_dict=True)
        metrics["recalibrated_test_accuracy"] = float(values["accuracy"])
        model.set_weights(trained)
        return metrics


def _arms(network: str) -> list[Arm]:
    data = _NETWORKS[network][1]

    def arm(name: str, place: str, centred: bool, stages: str = "stage 3") -> Arm:
        values: dict[str, Value] = {
            "network": network,
            "place": place,
            "centred": centred,
            "stages": stages,
        }
        return Arm(name, values, network, data)

    return [
        arm("none", "none", False),
        arm("Dropout-a", "a", False),
        arm("Dropout-a centred", "a", True),
        arm("Dropout-b", "b", False),
        arm("Dropout-b centred", "b", True),
        *(
            arm(f"Dropout-b, {stages}", "b", False, stages)
            for stages in list(_STAGES)[1:]
        ),
    ]


STUDY = Study(
    name="dropout-placement",
    title="Dropout before or behind the weight layer, centred or not, by stage",
    model=PlacementModel,
    data="cifar100",
    arms=tuple(arm for network in _NETWORKS for arm in _arms(network)),
    baseline="none",
    recipes={
        "smoke": Recipe(
            epochs=2,
            batch_size=50,
            seeds=(0,),
            learning_rate=0.05,
            examples=100,
            test_examples=100,
            arms=("*digits: none", "*digits: Dropout-[ab]*d", "*digits: Dropout-b"),
        ),
        "short": Recipe(
            epochs=20,
            batch_size=50,
            seeds=(0, 1, 2),
            learning_rate=0.05,
            examples=1000,
            validation_examples=500,
            test_examples=2000,
            arms=("ResNet-20, CIFAR-10",),
            validation_freq=5,
            deviations=(
                "ResNet-20 on 1,000 images of CIFAR-10 and 400 steps of batch 50, "
                "instead of ResNet-110 on CIFAR-100.",
                "No augmentation: with it, a training this short would not overfit.",
                "500 validation and 2,000 test images.",
            ),
        ),
        "paper": Recipe(
            epochs=182,
            batch_size=128,
            seeds=(0, 1, 2),
            learning_rate=0.1,
            arms=("ResNet-110, CIFAR-100",),
            augmentation=("pad_crop", "flip"),
            validation_freq=10,
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="appendix A.4, Figure 2",
    deviations=(
        "The paper's figure is of the variance shift and prints no numbers: "
        "`--metric variance_shift` is the mean of its ratio (at most 1,000) over the "
        "features and the BatchNormalization layers of the third stage, over all whole "
        "batches of the training part, not a moving average.",
        "The paper's Dropout-a, centred, has its running variance multiplied by the "
        "keep rate; here the shift is as it is, and `recalibrated_test_accuracy` is "
        "that of every arm with the statistics of BatchNormalization measured again "
        "without noise, in two passes.",
        "Shortcuts that change the shape are projections without normalization.",
        "Stages 1, 2 and all three, and Dropout-a without centring, are added.",
        "A tenth of the training images is a validation part.",
    ),
)
