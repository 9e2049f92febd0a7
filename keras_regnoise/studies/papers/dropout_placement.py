"""Dropout before or behind the weight, centred or not: appendix A.4 of RotationOut."""

from keras_regnoise.studies.papers.recipes import paper, short, smoke
from keras_regnoise.studies.study import Arm, Study

# By group: depth, data set.
NETWORKS = {
    "ResNet-110, CIFAR-100": (110, "cifar100"),
    "ResNet-20, CIFAR-10": (20, "cifar10"),
    "ResNet-8, digits": (8, "digits"),
}
_ARMS = {
    "none": ("none", False, "stage 3"),
    "Dropout-a": ("a", False, "stage 3"),
    "Dropout-a centred": ("a", True, "stage 3"),
    "Dropout-b": ("b", False, "stage 3"),
    "Dropout-b centred": ("b", True, "stage 3"),
    "Dropout-b, stage 1": ("b", False, "stage 1"),
    "Dropout-b, stage 2": ("b", False, "stage 2"),
    "Dropout-b, all stages": ("b", False, "all stages"),
}


def _arms(network: str) -> list[Arm]:
    names = ("network", "place", "centred", "stages")
    return [
        Arm(
            arm,
            dict(zip(names, (network, *values), strict=True)),
            network,
            NETWORKS[network][1],
        )
        for arm, values in _ARMS.items()
    ]


STUDY = Study(
    name="dropout-placement",
    title="Dropout before or behind the weight layer, centred or not, by stage",
    model="keras_regnoise.studies.papers.models.dropout_placement:PlacementModel",
    data="cifar100",
    arms=tuple(arm for network in NETWORKS for arm in _arms(network)),
    baseline="none",
    recipes={
        "smoke": smoke(
            ("*digits: none", "*digits: Dropout-[ab]*d", "*digits: Dropout-b"),
            learning_rate=0.05,
        ),
        "short": short(
            ("ResNet-20, CIFAR-10",),
            learning_rate=0.05,
            examples=1000,
            deviations=(
                "ResNet-20 on 1,000 images of CIFAR-10 and 400 steps of batch 50, "
                "instead of ResNet-110 on CIFAR-100.",
                "No augmentation: with it, a training this short would not overfit.",
                "500 validation and 2,000 test images.",
            ),
        ),
        "paper": paper(
            epochs=182,
            batch_size=128,
            learning_rate=0.1,
            arms=("ResNet-110, CIFAR-100",),
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="appendix A.4, Figure 2",
    deviations=(
        "The paper's figure is of the variance shift and prints no numbers: "
        "`--metric variance_shift` is the mean of its ratio (at most 1,000) over the "
        "features and the BatchNormalization layers of the third stage, over all whole "
        "batches of the training split, not a moving average.",
        "The paper's Dropout-a, centred, has its running variance multiplied by the "
        "keep rate; here the shift is as it is, and `recalibrated_test_accuracy` is "
        "that of every arm with the statistics of BatchNormalization measured again "
        "without noise, in two passes.",
        "Shortcuts that change the shape are projections without normalization.",
        "Stages 1, 2 and all three, and Dropout-a without centring, are added.",
        "A tenth of the training images is a validation split.",
    ),
)
