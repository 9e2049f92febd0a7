"""RotationOut against other noise on ImageNet: Table 2 of the RotationOut paper."""

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, smoke
from keras_regnoise.studies.study import Arm, Study

_TABLE = published("rotationout_table2")
_NOISES = tuple(dict.fromkeys(number.arm for number in _TABLE))
_SMOKE = ("none", "Dropout 0.7", "RotationOut", "RotationOut Block")
_GROUPS = {"ResNet-50, ImageNet": "imagenet2012", "ResNet-8, digits": "digits"}


STUDY = Study(
    name="rotationout-imagenet",
    title="RotationOut against other noise in ResNet-50 on ImageNet",
    model="keras_regnoise.studies.papers.models.rotationout_imagenet:"
    "RotationOutImageNetModel",
    data="imagenet2012",
    arms=tuple(
        Arm(noise, {"noise": noise}, group, data)
        for group, data in _GROUPS.items()
        for noise in _NOISES
    ),
    baseline="none",
    recipes={
        "smoke": smoke(
            tuple(f"ResNet-8, digits: {noise}" for noise in _SMOKE), learning_rate=0.05
        ),
        "paper": paper(
            epochs=240,
            batch_size=256,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.1,
            arms=("ResNet-50, ImageNet",),
            augmentation=("flip",),
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="Table 2",
    published=_TABLE,
    tables=("rotationout_table2",),
    deviations=(
        "All but the two rows of RotationOut are quoted in the paper from Ghiasi et "
        "al. (2018); all are trained alike here.",
        "Res3 and Res4 are read as the last two of the four stages, as the groups 3 "
        "and 4 of Ghiasi et al. are, with feature maps of 14 x 14 and 7 x 7.",
        "Noise stands before every convolution of these stages, DropPath behind a "
        "unit's last normalization; RotationOut before the classifier too.",
        "Training crops 224 x 224 from images whose shorter side is 256, not 8 to "
        "100 % of the image in any ratio, and does not change colours.",
        "Cutout erases a rectangle of half the sides, inside the image.",
        "The paper names neither batch size nor weight decay: 256 and 1e-4 as He et "
        "al. (2016). A tenth of the training images is a validation split.",
        BATCH_NORM,
    ),
)
