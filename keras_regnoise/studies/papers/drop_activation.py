"""How many activations to keep: Figure 2 of Drop-Activation."""

from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Study

_PROBABILITIES = tuple(f"{1 - 0.05 * i:.2f}" for i in range(9))  # 1.00 to 0.60
_WIDE, _NARROW = {"filters": (32, 64, 128)}, {"filters": (8, 16, 32)}


def _arms(group: str, data: str) -> list[Arm]:
    return [Arm(p, {"keep_probability": float(p)}, group, data) for p in _PROBABILITIES]


STUDY = Study(
    name="drop-activation",
    title="How many activations Drop-Activation should keep, in a small ConvNet",
    model="keras_regnoise.studies.papers.models.drop_activation:DropActivationModel",
    data="cifar10",
    arms=(*_arms("CIFAR-10", "cifar10"), *_arms("digits", "digits")),
    baseline=_PROBABILITIES[0],
    recipes={
        "smoke": smoke(
            ("digits: 1.00", "digits: 0.95", "digits: 0.60"),
            epochs=3,
            learning_rate=0.02,
            examples=200,
            test_examples=200,
            options=_NARROW,
        ),
        "short": short(
            ("CIFAR-10",),
            epochs=16,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.02,
            examples=2000,
            test_examples=5000,
            validation_freq=4,
            options=_WIDE,
            deviations=(
                "2,000 training images, 640 steps of batch 50, learning rate 0.02, "
                "5 runs instead of 20; 500 validation and 5,000 test images.",
                "No augmentation: with it, a training this short would not overfit.",
            ),
        ),
        "paper": paper(
            epochs=100,
            batch_size=128,
            seeds=tuple(range(20)),
            learning_rate=0.05,
            arms=("CIFAR-10",),
            options=_WIDE,
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
        "A tenth of the training images is a validation split.",
        BATCH_NORM,
    ),
    x="keep_probability",
)
