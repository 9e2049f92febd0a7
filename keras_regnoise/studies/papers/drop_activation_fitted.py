"""Drop-Activation where a ConvNet fits its training part: Figure 2, paired."""

from typing import Any

from keras_regnoise.studies.papers.recipes import BATCH_NORM, short, smoke
from keras_regnoise.studies.study import Arm, Claim, Gate, Study

_WIDE, _NARROW = {"filters": (32, 64, 128)}, {"filters": (8, 16, 32)}
_ARMS: dict[str, dict[str, Any]] = {
    "ReLU": {"activation": "ReLU"},
    "Drop-Activation 0.95": {"activation": "Drop-Activation"},
    "LeakyReLU": {"activation": "LeakyReLU"},
    "RReLU": {"activation": "RReLU"},
    "Dropout 0.2": {"activation": "ReLU", "dropout": 0.2},
    "Dropout 0.5": {"activation": "ReLU", "dropout": 0.5},
}


def _arms(group: str, data: str) -> list[Arm]:
    return [
        Arm(name, {"dropout": 0.0, **values}, group, data)
        for name, values in _ARMS.items()
    ]


def _claim(other: str, text: str) -> Claim:
    return Claim(
        text=text,
        arms=("CIFAR-10: Drop-Activation 0.95", f"CIFAR-10: {other}"),
        gate=Gate(baseline="CIFAR-10: ReLU", regularizer="CIFAR-10: Dropout *"),
    )


STUDY = Study(
    name="drop-activation-fitted",
    title="Whether Drop-Activation helps a ConvNet that fits its training images",
    model="keras_regnoise.studies.papers.models.drop_activation_fitted:FittedModel",
    data="cifar10",
    arms=(*_arms("CIFAR-10", "cifar10"), *_arms("digits", "digits")),
    baseline="ReLU",
    recipes={
        "smoke": smoke(
            ("digits: ReLU", "digits: Drop-Activation*", "digits: Dropout 0.5"),
            learning_rate=0.02,
            options=_NARROW,
        ),
        "short": short(
            ("CIFAR-10",),
            epochs=40,
            seeds=tuple(range(30)),
            learning_rate=0.02,
            examples=5000,
            test_examples=None,
            validation_freq=10,
            redraw=True,
            options={**_WIDE, "pooling": 2},
            deviations=(
                "5,000 training images, averaged to 16 x 16 and drawn anew for every "
                "seed, and 4,000 steps of batch 50: enough to fit them. All 10,000 "
                "test images.",
                "No augmentation, for the same reason.",
            ),
        ),
    },
    paper="Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization, "
    "2018",
    table="Figure 2",
    deviations=(
        "The network of the study drop-activation, whose widths and schedule the paper "
        "does not give. The figure prints no numbers.",
        "LeakyReLU has the slope 0.05, which Drop-Activation has at inference, RReLU "
        "slopes of 1/8 to 1/3. Dropout stands in "
        "front of the second and the third convolution.",
        BATCH_NORM,
    ),
    claims=(
        _claim("ReLU", "Drop-Activation, keeping 95 %, is better than ReLU."),
        _claim("LeakyReLU", "It is better than its slope at inference alone."),
        _claim("RReLU", "It is better than RReLU."),
    ),
)
