"""Errors and the shift of the variance in training: Figures 4 and 6."""

from typing import Any

from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Claim, Gate, Study

_GROUPS = {
    "ResNet-164, CIFAR-100": "cifar100",
    "ResNet-8, CIFAR-10": "cifar10",
    "ResNet-8, digits": "digits",
}
_ARMS: dict[str, dict[str, Any]] = {
    "ReLU": {"method": "baseline"},
    "DropAct": {"method": "DropAct"},
    "Dropout 0.1": {"method": "baseline", "dropout": 0.1},
    "Dropout 0.5": {"method": "baseline", "dropout": 0.5},
}


def _arms(group: str) -> list[Arm]:
    network, _, _ = group.partition(",")
    return [
        Arm(name, {"network": network, "dropout": 0.0, **values}, group, _GROUPS[group])
        for name, values in _ARMS.items()
    ]


_GATE = Gate(baseline="ResNet-*: ReLU", regularizer="ResNet-*: Dropout *")


def _claim(text: str, other: str, metric: str, **options: Any) -> Claim:
    arms = "ResNet-*: DropAct", f"ResNet-*: {other}"
    return Claim(text=text, arms=arms, metric=metric, **options)


STUDY = Study(
    name="drop-activation-shift",
    title="Errors and the shift of the variance while Drop-Activation trains",
    model="keras_regnoise.studies.papers.models.drop_activation_shift:ShiftNetwork",
    data="cifar100",
    arms=tuple(arm for group in _GROUPS for arm in _arms(group)),
    baseline="ReLU",
    metric="test_error",
    objective="val_error",
    direction="min",
    recipes={
        "smoke": smoke(("ResNet-8, digits",), learning_rate=0.05, test_freq=1),
        "short": short(
            ("ResNet-8, CIFAR-10",),
            epochs=40,
            seeds=tuple(range(8)),
            learning_rate=0.05,
            examples=2000,
            test_examples=None,
            test_freq=5,
            redraw=True,
            options={"pooling": 2},
            deviations=(
                "ResNet-8 on 2,000 images of CIFAR-10, averaged to 16 x 16, in place "
                "of ResNet-164 on CIFAR-100; the images are drawn anew for every seed. "
                "1,600 steps of batch 50, learning rate 0.05, no augmentation: enough "
                "to fit them.",
            ),
        ),
        "paper": paper(
            epochs=164,
            batch_size=128,
            learning_rate=0.1,
            arms=("ResNet-164, CIFAR-100",),
            validation_freq=1,
            test_freq=1,
        ),
    },
    paper="Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization, "
    "2018",
    table="Figures 4 and 6",
    deviations=(
        "The figures print no numbers; the text says of Figure 4 that the training "
        "error is slightly larger and the test error smaller with Drop-Activation, and "
        "of Figure 6 that the ratio of the variances settles at 1. They do not say of "
        "how many runs.",
        "The training error is without noise, and without augmentation where there is "
        "one. The curve of the accuracy in training has both.",
        "The ratio is the variance of the second stage's output in inference over that "
        "in training, each a mean over the channels, on the first ten batches of "
        "training images, at the end of an epoch.",
        "Dropout is not in the figures: it is the rates 0.1 and 0.5 before the last "
        "convolution of every unit.",
        "A tenth of the training images is a validation split.",
        BATCH_NORM,
    ),
    claims=(
        _claim(
            "Figure 4: with Drop-Activation the test error is smaller.",
            "ReLU",
            "test_error",
            sign=-1,
            gate=_GATE,
        ),
        _claim(
            "Figure 4: the training error is larger.",
            "ReLU",
            "train_error",
            margin=0.002,
            gate=_GATE,
        ),
        _claim(
            "Figure 6: the ratio of the variances ends where it is without noise, at "
            "1.",
            "ReLU",
            "shift_ratio",
            sign=0,
            margin=0.05,
        ),
        _claim(
            "Section 5.2: it shifts the variance less than Dropout, whose ratio is "
            "smaller.",
            "Dropout 0.5",
            "shift_ratio",
            margin=0.05,
        ),
    ),
)
