"""Drop-Activation in published networks on CIFAR-10: its Table 2."""

from keras_regnoise.studies.papers.drop_activation_networks import METHODS, arm, study
from keras_regnoise.studies.papers.recipes import short

_SHORT = "ResNet-20, CIFAR-10"

STUDY = study(
    "CIFAR-10",
    2,
    "cifar10",
    more=tuple(arm(_SHORT, method, "cifar10") for method in METHODS),
    recipes={
        "short": short(
            (_SHORT,),
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.05,
            examples=2000,
            deviations=(
                "ResNet-20 on 2,000 images, 800 steps of batch 50 without "
                "augmentation, learning rate 0.05; 500 validation and 2,000 test "
                "images.",
            ),
        )
    },
)
