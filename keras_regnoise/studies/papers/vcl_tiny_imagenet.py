"""Normalizations and VCL on Tiny ImageNet: Table 3 of VCL."""

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, smoke
from keras_regnoise.studies.study import Arm, Study

_NORMALIZATIONS = ("none", "bn", "vcl, n = 2", "vcl, n = 5")
_DATA = {"Tiny ImageNet": "tiny-imagenet", "digits": "digits"}


def _arms(group: str) -> list[Arm]:
    return [
        Arm(name, {"activation": "ELU", "normalization": name}, group, _DATA[group])
        for name in _NORMALIZATIONS
    ]


STUDY = Study(
    name="vcl-tiny-imagenet",
    title="Normalizations and VCL in an 11-layer ELU network, Tiny ImageNet",
    model="keras_regnoise.studies.papers.models.vcl_tiny_imagenet:VCLTinyImageNetModel",
    data="tiny-imagenet",
    arms=tuple(arm for group in _DATA for arm in _arms(group)),
    baseline="none",
    metric="test_error",
    objective="val_error",
    direction="min",
    recipes={
        "smoke": smoke(
            ("digits: none", "digits: bn", "digits: vcl, n = 2"),
            learning_rate=0.01,
            options={"widening": 1},
        ),
        "paper": paper(
            epochs=250,
            batch_size=250,
            learning_rate=0.05,
            arms=("Tiny ImageNet",),
            augmentation=("pad8_crop", "flip"),
            options={"widening": 2},
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Table 3",
    # The other three networks of the table are those of another paper.
    published=tuple(n for n in published("vcl_table3") if n.arm in _NORMALIZATIONS),
    tables=("vcl_table3",),
    deviations=(
        "The text has n = 5 for this data set, the table n = 2: both are arms.",
        "The validation images of the set are the test split here, whose labels alone "
        "are public; a tenth of the training images is the validation split.",
        "The number of runs is not given: 3 here. Batches of 250 and a weight decay of "
        "1e-4, as for CIFAR.",
        "The gradient of every variable is clipped to norm 1 in all arms, as in the "
        "released code; the text clips that of each layer.",
        BATCH_NORM,
    ),
)
