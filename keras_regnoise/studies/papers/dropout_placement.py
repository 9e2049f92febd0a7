"""Dropout before or behind the weight, centred or not: appendix A.4 of RotationOut."""

from typing import Any

from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Claim, Study

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


def _claim(text: str, one: str, other: str, metric: str, **options: Any) -> Claim:
    # None is about accuracy, which would need a gate.
    sides = (f"*: {one}", f"*: {other}")
    return Claim(text=text, arms=sides, metric=metric, **{"sign": -1, **options})


_CLAIMS = (
    _claim(
        "The expected shift is the same behind Dropout-a and -b (equation 24): the "
        "variance grows by the same share.",
        "Dropout-b",
        "Dropout-a",
        "variance_increase",
        sign=0,
        margin=0.1,
    ),
    _claim(
        "The ratio is more centred behind Dropout-b: it varies less between features.",
        "Dropout-b",
        "Dropout-a",
        "variance_shift_spread",
        margin=0.1,
    ),
    _claim(
        "The largest ratio of a feature is smaller behind Dropout-b.",
        "Dropout-b",
        "Dropout-a",
        "variance_shift_max",
        margin=0.1,
    ),
    *(
        _claim(
            f"Centred Dropout-a, corrected by the keep rate, shifts less than {other}.",
            "Dropout-a centred",
            other,
            "corrected_variance_shift",
            margin=0.1,
        )
        for other in ("Dropout-b", "Dropout-b centred")
    ),
)

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
            epochs=30,
            seeds=tuple(range(8)),
            learning_rate=0.05,
            examples=2000,
            test_examples=None,
            redraw=True,
            options={"pooling": 2},
            deviations=(
                "ResNet-20 on 2,000 images of CIFAR-10, averaged to 16 x 16, and 1,200 "
                "steps of batch 50, instead of ResNet-110 on CIFAR-100. Every seed has "
                "images of its own.",
                "No augmentation: with it, a training this short would not overfit.",
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
        "The paper's figure is of the variance shift and prints no numbers. Here it is "
        "that of the BatchNormalization right behind the noise of every block of stage "
        "3, over all whole batches of the training split, not a moving average: "
        "`--metric variance_shift` is the mean of the ratio (at most 1,000) over the "
        "features and blocks, `variance_shift_spread` and `variance_shift_max` its "
        "standard deviation and maximum over the features, in the mean over the "
        "blocks, `variance_shift_block1` and so on those of one block.",
        "The paper's Dropout-a, centred, has its running variance multiplied by the "
        "keep rate: `corrected_variance_shift` has that correction in this arm alone. "
        "`recalibrated_test_accuracy` is that of every arm with the statistics of "
        "BatchNormalization measured again without noise, in two passes.",
        BATCH_NORM,
        "Shortcuts that change the shape are projections without normalization.",
        "Stages 1, 2 and all three, and Dropout-a without centring, are added.",
        "A tenth of the training images is a validation split.",
    ),
    claims=_CLAIMS,
)
