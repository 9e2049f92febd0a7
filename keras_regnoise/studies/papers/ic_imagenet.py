"""The IC layer in ResNet-50 on ImageNet: Figure 5 of its paper."""

from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, smoke
from keras_regnoise.studies.study import Arm, Study

# Where normalization and Dropout stand, and the rates of Dropout.
UNITS = {
    "ReLU-IC-Conv2D": ("relu", "ic", "conv"),
    "Conv2D-IC-ReLU": ("conv", "ic", "relu"),
}
_RATES = (0.05, 0.1)
_GROUPS = {"ResNet-50, ImageNet": "imagenet2012", "ResNet-8, digits": "digits"}


def _arms(group: str) -> list[Arm]:
    return [
        Arm("baseline", {"unit": "Conv2D-IC-ReLU", "rate": 0.0}, group, _GROUPS[group]),
        *(
            Arm(f"{unit}, {rate}", {"unit": unit, "rate": rate}, group, _GROUPS[group])
            for unit in UNITS
            for rate in _RATES
        ),
    ]


STUDY = Study(
    name="ic-imagenet",
    title="The IC layer before the weights, or normalization and Dropout behind them",
    model="keras_regnoise.studies.papers.models.ic_imagenet:ICImageNetModel",
    data="imagenet2012",
    arms=tuple(arm for group in _GROUPS for arm in _arms(group)),
    baseline="baseline",
    metric="test_error",
    objective="val_error",
    direction="min",
    recipes={
        "smoke": smoke(("ResNet-8, digits",), learning_rate=0.05, test_freq=1),
        "paper": paper(
            epochs=90,
            batch_size=256,
            learning_rate=0.1,
            arms=("ResNet-50, ImageNet",),
            augmentation=("flip",),
            test_freq=1,
        ),
    },
    paper="Rethinking the Usage of Batch Normalization and Dropout in the Training of "
    "Deep Neural Networks, 2019",
    table="Figure 5",
    deviations=(
        "The figure prints no numbers. It shows the two rates of the IC layer and the "
        "network of Li et al. (2018), whose Dropout the paper reads as standing behind "
        "every normalization, before the activation: both rates here, as the paper "
        "does not say which. The network without Dropout is added.",
        "The paper names no weight decay: 1e-4 as He et al. (2016). It does not say "
        "how many runs a curve is of: 3 here.",
        "Training crops 224 x 224 from images whose shorter side is 256, not 8 to "
        "100 % of the image in any ratio.",
        "A tenth of the training images is a validation split; the validation images "
        "of ImageNet are the test split.",
        BATCH_NORM,
    ),
)
