"""RotationOut in a detector's backbone: Table 3 of the RotationOut paper."""

from dataclasses import replace

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import paper, smoke
from keras_regnoise.studies.study import Arm, Study

_COCO, _DIGITS = "RetinaNet, COCO", "RetinaNet, digit boxes"
_PRETRAINED = ", pretrained"
_TABLE = published("rotationout_table3")
_ARMS = tuple(dict.fromkeys(number.arm for number in _TABLE))
_SMOKE = ("none", "RotationOut Block")


def _arm(name: str, group: str, data: str) -> Arm:
    noise = name.removesuffix(_PRETRAINED)
    return Arm(name, {"noise": noise, "pretrained": name != noise}, group, data)


STUDY = Study(
    name="rotationout-coco",
    title="RotationOut against other noise in the backbone of RetinaNet on COCO",
    model="keras_regnoise.studies.papers.models.rotationout_coco:DetectorModel",
    data="coco/2017",
    arms=(
        *(_arm(name, _COCO, "coco/2017") for name in _ARMS),
        *(_arm(name, _DIGITS, "digit-boxes") for name in _SMOKE),
    ),
    baseline="none",
    metric="test_ap",
    objective="val_ap",
    recipes={
        "smoke": smoke(
            (_DIGITS,),
            epochs=1,
            batch_size=20,
            learning_rate=0.01,
            examples=40,
            validation_examples=20,
            test_examples=20,
            options={"blocks": (1, 1, 1, 1), "levels": (3, 5), "head": 1},
        ),
        "paper": paper(
            epochs=35,
            batch_size=64,
            learning_rate=0.04,
            arms=(_COCO,),
            augmentation=(),
            options={"blocks": (3, 4, 6, 3), "levels": (3, 7), "head": 4},
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="Table 3",
    published=tuple(replace(n, metric=f"test_{n.metric}") for n in _TABLE),
    tables=("rotationout_table3",),
    deviations=(
        "The rows from random weights are quoted in the paper from Ghiasi et al. "
        "(2018), who train longer; all are trained alike here. `pretrained` is "
        "KerasHub's resnet_50_imagenet in place of PyTorch's.",
        "Noise stands before every convolution of the last two stages of the backbone, "
        "as in Table 2; blocks of RotationOut are 7 and 3, as there.",
        "The paper does not name the first learning rate: 0.04, that of RetinaNet's "
        "own paper for 16 images in proportion.",
        "Images are not scaled at random: the longer side is 640. Boxes around crowds "
        "are left out of training and evaluation.",
        "The detector is KerasHub's (`pip install keras-hub`), with its Huber loss for "
        "boxes; suppression is the same for all classes. Gradients are clipped at "
        "norm 10.",
    ),
)
