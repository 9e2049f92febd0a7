"""Activations, normalizations and VCL on the 11-layer network: Table 2 of VCL."""

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Study

_ACTIVATIONS = ("ReLU", "LReLU", "ELU")
_NORMALIZATIONS = (
    "none",
    "bn",
    "ln",
    "gn",
    *(f"vcl, n = {n}" for n in (9, 7, 5, 3, 2)),
)
_OF_CODE = ("none", "bn", "vcl, n = 5")
_DATA = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100", "digits": "digits"}


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
    model="keras_regnoise.studies.papers.models.vcl_cifar:VCLImageModel",
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
        "smoke": smoke(
            ("digits, ELU: none", "digits, ELU: bn", "digits, ELU: vcl, n = 2"),
            learning_rate=0.01,
        ),
        "short": short(
            ("CIFAR-10, *LU",),
            learning_rate=0.01,
            examples=2000,
            deviations=(
                "2,000 images of CIFAR-10, 800 steps of batch 50 without "
                "augmentation, learning rate 0.01; 500 validation and 2,000 test "
                "images.",
            ),
        ),
        "paper": paper(
            epochs=500, batch_size=250, learning_rate=0.05, arms=("CIFAR-10*, *LU",)
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Table 2",
    tables=("vcl_table2",),
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
        BATCH_NORM,
        "Images are standardized; a tenth of the training images is the validation "
        "split.",
    ),
)
