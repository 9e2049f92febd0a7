"""Where the IC layer goes in a residual unit: Table 1 and Figure 4 of its paper."""

from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import ICLayer
from keras_regnoise.models import BASELINE, IC_UNITS
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.papers.protocol import compile_with, standardized, stepwise
from keras_regnoise.studies.papers.published import beside, published
from keras_regnoise.studies.study import Arm, Recipe, Study

_UNITS = {
    "baseline": BASELINE,
    "ReLU-IC-Conv2D": IC_UNITS[1],
    "IC-Conv2D-ReLU": IC_UNITS[2],
    "Conv2D-ReLU-IC": IC_UNITS[3],
}
_SETS = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100"}
# By group: depth, units of three convolutions, data set.
_NETWORKS: dict[str, tuple[int, bool, str]] = {
    f"ResNet{'-B' if bottlenecks else ''}-{depth}, {title}": (depth, bottlenecks, data)
    for title, data in _SETS.items()
    for bottlenecks in (False, True)
    for depth in (110, 164)
} | {
    "ResNet-20, CIFAR-10": (20, False, "cifar10"),
    "ResNet-8, digits": (8, False, "digits"),
}


class ICModel(StudyModel):
    """A residual network of the unit of the arm."""

    def build(self, hp: Any) -> keras.Model:
        depth, bottlenecks, _ = _NETWORKS[hp.get("network")]
        unit, seed = _UNITS[hp.get("unit")], hp.get("seed")
        momentum = self.recipe.options["momentum"]
        norm = partial(keras.layers.BatchNormalization, momentum=momentum)
        network = models.resnet(
            depth,
            unit,
            bottlenecks=bottlenecks,
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=seed,
            layers={"ic": lambda: ICLayer(0.05, norm(), seed=seed)}
            if "ic" in unit
            else {"norm": norm},
        )
        model = standardized(network, self.data, per_pixel=True)
        rate = stepwise(self.recipe.learning_rate, self.steps, (0.4, 0.6, 0.8))
        return compile_with(model, keras.optimizers.Adam(rate))


def _arms(network: str) -> list[Arm]:
    data = _NETWORKS[network][2]
    return [
        Arm(name, {"network": network, "unit": name}, network, data) for name in _UNITS
    ]


STUDY = Study(
    name="ic-units",
    title="Where the IC layer goes in a residual unit",
    model=ICModel,
    data="cifar10",
    arms=tuple(arm for network in _NETWORKS for arm in _arms(network)),
    baseline="baseline",
    recipes={
        "smoke": Recipe(
            epochs=2,
            batch_size=50,
            seeds=(0,),
            examples=100,
            test_examples=100,
            arms=("ResNet-8, digits",),
            test_freq=1,
            options={"momentum": 0.9},
        ),
        "short": Recipe(
            epochs=24,
            batch_size=50,
            seeds=(0, 1, 2, 3, 4),
            examples=1000,
            validation_examples=500,
            test_examples=2000,
            arms=("ResNet-20, CIFAR-10",),
            augmentation=("pad_crop", "flip"),
            validation_freq=6,
            test_freq=3,
            options={"momentum": 0.9},
            deviations=(
                "ResNet-20 on 1,000 images of CIFAR-10, 24 epochs of 20 steps of batch "
                "50, instead of ResNet-110 on 50,000, 200 epochs of 782 steps of 64.",
                "BatchNormalization has momentum 0.9: with Keras's 0.99 its moving "
                "statistics would trail behind in 480 steps.",
                "500 validation and 2,000 test images.",
            ),
        ),
        "paper": Recipe(
            epochs=200,
            batch_size=64,
            seeds=(0, 1, 2),
            arms=("*110, CIFAR*", "*164, CIFAR*"),
            augmentation=("pad_crop", "flip"),
            validation_freq=10,
            test_freq=1,
            options={"momentum": 0.99},
        ),
    },
    paper="Rethinking the Usage of Batch Normalization and Dropout in the Training of "
    "Deep Neural Networks, 2019",
    table="Table 1 and Figure 4",
    published=beside(
        published("ic_table1"), {"ResNet-20, CIFAR-10": "ResNet-110, CIFAR-10"}
    ),
    deviations=(
        "A tenth of the training images is a validation part, which the paper trains "
        "on.",
        "Images are padded with black, before the mean image is subtracted.",
        "No weight decay: the paper names none, the Keras example whose schedule it "
        "takes has L2 of 1e-4. Shortcuts that change the shape are projections.",
        "The units follow the paper's words; its drawing of them was not at hand.",
    ),
)
