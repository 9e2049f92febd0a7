"""RotationOut against Dropout by keep rate: Table 1 of the RotationOut paper."""

from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import SpatialRotationOut
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.protocol import (
    add_weight_decay,
    compile_with,
    standardized,
    stepwise,
)
from keras_regnoise.studies.papers.published import beside, published
from keras_regnoise.studies.study import Arm, Recipe, Study

_RESNET = {"unit": ("conv", "norm", "relu"), "noise_stages": (3,)}
_WIDE = {"unit": ("norm", "relu", "conv"), "noise_stages": (2, 3), "width": 10}
# By group: builder and its arguments, data set.
_NETWORKS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "ResNet-110, CIFAR-100": (models.resnet, {"depth": 110, **_RESNET}, "cifar100"),
    "WideResNet-28-10, CIFAR-100": (
        models.wide_resnet,
        {"depth": 28, **_WIDE},
        "cifar100",
    ),
    "ResNet-110, CIFAR-10": (models.resnet, {"depth": 110, **_RESNET}, "cifar10"),
    "ResNet-20, CIFAR-10": (models.resnet, {"depth": 20, **_RESNET}, "cifar10"),
    "ResNet-8, digits": (models.resnet, {"depth": 8, **_RESNET}, "digits"),
}
_NOISES: dict[str, Any] = {
    "Dropout": keras.layers.Dropout,
    "RotationOut": SpatialRotationOut,
    "RotationOut uniform": partial(SpatialRotationOut, angles="uniform"),
    "RotationOut truncated": partial(SpatialRotationOut, angles="truncated_gaussian"),
}
# What the authors' networks have instead, in groups of their own.
_RELEASED: dict[str, Any] = {
    "Dropout": keras.layers.SpatialDropout2D,
    "RotationOut": partial(SpatialRotationOut, shared_angle=True),
}
_MOMENTUM = 0.9  # of BatchNormalization, torch's default


class RotationOutModel(StudyModel):
    """A residual network with noise before every convolution of its last stages."""

    def build(self, hp: Any) -> keras.Model:
        build, arguments, _ = _NETWORKS[hp.get("network")]
        released = "released" in hp.values
        noises, decay = (_RELEASED, 1e-4) if released else (_NOISES, 1e-5)
        words = dict(arguments)
        noise, drop_rate = hp.get("noise"), 1.0 - hp.get("keep_rate")
        if noise == "none":
            del words["noise_stages"]
        else:
            where = words["unit"].index("conv")
            words["unit"] = (*words["unit"][:where], "noise", *words["unit"][where:])
            words["noise"] = partial(noises[noise], drop_rate, seed=hp.get("seed"))
        norm = partial(keras.layers.BatchNormalization, momentum=_MOMENTUM)
        network = build(
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=hp.get("seed"),
            layers={"norm": norm},
            **words,
        )
        model = standardized(network, self.data)
        add_weight_decay(model, decay)
        rate = stepwise(self.recipe.learning_rate, self.steps, (0.5, 0.75))
        return compile_with(model, keras.optimizers.SGD(rate, momentum=0.9))

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        if self.recipe.test_freq == 1:
            curve = (fit.history or model.history.history)["test_accuracy"]
            metrics["average_test_accuracy"] = fmean(curve[-10:])
            metrics["best_test_accuracy"] = max(curve)
        return metrics


def _arms(network: str) -> list[Arm]:
    data, values = _NETWORKS[network][2], {"network": network}
    return [
        Arm("none", values | {"noise": "none", "keep_rate": 1.0}, network, data),
        *(
            Arm(
                f"{noise} {keep}",
                values | {"noise": noise, "keep_rate": keep},
                network,
                data,
            )
            for noise in _NOISES
            for keep in (0.9, 0.8, 0.7, 0.6)
        ),
    ]


def _released(network: str) -> list[Arm]:
    return [
        replace(
            arm,
            group=f"{network}, released code",
            values={**arm.values, "released": True},
        )
        for arm in _arms(network)
        if arm.values["noise"] in ("none", *_RELEASED)
    ]


def _two_laws(group: str) -> tuple[str, ...]:
    return tuple(f"{group}: {arm}" for arm in ("none", "Dropout*", "RotationOut 0*"))


STUDY = Study(
    name="rotationout-keep-rate",
    title="RotationOut against Dropout by keep rate, in residual networks",
    model=RotationOutModel,
    data="cifar100",
    arms=tuple(
        arm for network in _NETWORKS for arm in (*_arms(network), *_released(network))
    ),
    baseline="none",
    recipes={
        "smoke": Recipe(
            epochs=2,
            batch_size=50,
            seeds=(0,),
            learning_rate=0.05,
            examples=100,
            test_examples=100,
            arms=(
                "ResNet-8, digits: none",
                "ResNet-8, digits: Dropout 0.8",
                "ResNet-8, digits: RotationOut 0.8",
                "ResNet-8, digits, released code: none",
                "ResNet-8, digits, released code: RotationOut 0.8",
            ),
            test_freq=1,
        ),
        "short": Recipe(
            epochs=20,
            batch_size=50,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.05,
            examples=1000,
            validation_examples=500,
            test_examples=2000,
            arms=_two_laws("ResNet-20, CIFAR-10"),
            validation_freq=5,
            deviations=(
                "ResNet-20 on 1,000 images of CIFAR-10 and 400 steps of batch 50, "
                "instead of ResNet-110 on 50,000 of CIFAR-100 and 64,000 of batch 128; "
                "learning rate 0.05 instead of 0.1.",
                "No augmentation: with it, a training this short would not overfit, "
                "and a regularizer would have nothing to do.",
                "500 validation and 2,000 test images.",
                "The last epoch alone stands beside the paper's mean of the last ten.",
            ),
        ),
        "paper": Recipe(
            epochs=182,  # 64,000 steps
            batch_size=128,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.1,
            arms=("ResNet-110, CIFAR-100", "WideResNet-28-10, CIFAR-100"),
            augmentation=("pad_crop", "flip"),
            validation_freq=10,
            test_freq=1,
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="Table 1",
    published=beside(
        published("rotationout_table1"),
        {
            "ResNet-20, CIFAR-10": "ResNet-110, CIFAR-100",
            "ResNet-110, CIFAR-10": "ResNet-110, CIFAR-100",
        },
    ),
    deviations=(
        "The paper's numbers are the mean of the last ten epochs and the best epoch; "
        "the headline here is the last epoch. At the paper's scale "
        "`--metric average_test_accuracy` and `best_test_accuracy` are the paper's.",
        "A tenth of the training images is a validation part, which the paper trains "
        "on.",
        "Images are padded with black, before they are standardized.",
        "Shortcuts that change the shape are projections without normalization. The "
        "text follows He et al. (2016), which pads with zeros; the released code "
        "projects and normalizes.",
        "RotationOut has one angle per position, as in equation 11, with a sign per "
        "sample. The groups 'released code' have what the released networks have: one "
        "angle per sample, Dropout of whole channels, weight decay 1e-4. Their warm-up "
        "of the noise over 1,000 steps and their one-sided uniform law of the tangent "
        "are left out.",
        "The paper centres what it rotates and does not say whether what it drops is; "
        "here Dropout is Keras's, not centred, as in the released code.",
    ),
    x="keep_rate",
    series="noise",
)
