"""Activations, normalizations and VCL on the 11-layer network: Table 2 of VCL."""

from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import VarianceConstancy
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.protocol import (
    add_weight_decay,
    compile_with,
    piecewise,
    standardized,
)
from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.study import Arm, Recipe, Study

_ACTIVATIONS: dict[str, Any] = {
    "ReLU": "relu",
    "LReLU": partial(keras.layers.LeakyReLU, negative_slope=0.2),
    "ELU": "elu",
}
_NORMALIZATIONS: dict[str, Any] = {
    "none": None,
    "bn": keras.layers.BatchNormalization,
    "ln": partial(keras.layers.LayerNormalization, axis=(1, 2, 3)),
    "gn": partial(keras.layers.GroupNormalization, groups=4),
    **{f"vcl, n = {n}": partial(VarianceConstancy, 0.01, n) for n in (9, 7, 5, 3, 2)},
}
_OF_CODE = ("none", "bn", "vcl, n = 5")
_DATA = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100", "digits": "digits"}
# Factor of the learning rate by epoch of 500: the text, and the released code, of which
# the epochs alone are known.
_TEXT = {180: 0.4, 280: 0.04, 380: 0.004, 480: 0.0004}
_RELEASED = {60: 0.4, 100: 0.04, 140: 0.004}
_EPOCHS = 500


class VCLImageModel(StudyModel):
    """The 11-layer network with the normalization of the arm before its activations."""

    def build(self, hp: Any) -> keras.Model:
        released = hp.get("released")
        factory = _NORMALIZATIONS[hp.get("normalization")]
        layers = {"normalization": factory} if factory else {}
        network = models.elu_network(
            ("conv", *layers, "relu"),
            activation=_ACTIVATIONS[hp.get("activation")],
            widening=2 if released else 1,
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=hp.get("seed"),
            layers=layers,
        )
        model = standardized(network, self.data)
        add_weight_decay(model, 1e-4)
        drops = _RELEASED if released else _TEXT
        rate = piecewise(
            self.recipe.learning_rate,
            self.steps,
            {epoch / _EPOCHS: factor for epoch, factor in drops.items()},
        )
        optimizer = keras.optimizers.SGD(rate, momentum=0.9, clipnorm=1.0)
        return compile_with(model, optimizer)

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        return metrics | {
            f"{part}_error": 1.0 - metrics[f"{part}_accuracy"]
            for part in ("val", "test")
        }


def _arms(images: str, activation: str, released: bool = False) -> list[Arm]:
    group = f"{images}, {activation}" + (", released code" if released else "")
    return [
        Arm(
            normalization,
            {
                "activation": activation,
                "normalization": normalization,
                "released": released,
            },
            group,
            _DATA[images],
        )
        for normalization in (_OF_CODE if released else _NORMALIZATIONS)
    ]


STUDY = Study(
    name="vcl-cifar",
    title="Activations, normalizations and VCL in an 11-layer network",
    model=VCLImageModel,
    data="cifar10",
    arms=tuple(
        arm
        for images in _DATA
        for arm in (
            *(arm for activation in _ACTIVATIONS for arm in _arms(images, activation)),
            *_arms(images, "ELU", released=True),
        )
    ),
    baseline="none",
    metric="test_error",
    objective="val_error",
    direction="min",
    recipes={
        "smoke": Recipe(
            epochs=2,
            batch_size=50,
            seeds=(0,),
            learning_rate=0.01,
            examples=100,
            test_examples=100,
            arms=("digits, ELU: none", "digits, ELU: bn", "digits, ELU: vcl, n = 2"),
        ),
        "short": Recipe(
            epochs=20,
            batch_size=50,
            seeds=(0, 1, 2),
            learning_rate=0.01,
            examples=2000,
            validation_examples=500,
            test_examples=2000,
            arms=("CIFAR-10, *LU",),
            validation_freq=5,
            deviations=(
                "2,000 images of CIFAR-10, 800 steps of batch 50 without "
                "augmentation, learning rate 0.01; 500 validation and 2,000 test "
                "images.",
            ),
        ),
        "paper": Recipe(
            epochs=500,
            batch_size=250,
            seeds=(0, 1, 2),
            learning_rate=0.05,
            arms=("CIFAR-10*, *LU",),
            augmentation=("pad_crop", "flip"),
            validation_freq=10,
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Table 2",
    published=published("vcl_table2"),
    deviations=(
        "The text drops the learning rate at epoch 180 and every 100 from there; the "
        "released code at 60, 100 and 140, and has twice the filters: the groups "
        "'released code'.",
        "The gradient of every variable is clipped to norm 1 in all arms, as in the "
        "released code; the text clips that of each layer. The weight decay of 1e-4 is "
        "read as torch's, and is inside the clipped gradient; beta has it too, as in "
        "the released code, and is kept positive, which that code does not.",
        "The paper gives neither the axes of ln nor the groups of gn: all but the "
        "batch axis, and 4 groups.",
        "Images are standardized; a tenth of the training images is a validation part.",
    ),
)
