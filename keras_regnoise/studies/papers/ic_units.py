"""Where the IC layer goes in a residual unit: Table 1 and Figure 4 of its paper."""

from keras_regnoise.studies.papers.published import beside, published
from keras_regnoise.studies.papers.recipes import paper, short, smoke
from keras_regnoise.studies.study import Arm, Claim, Gate, Study

UNITS = ("baseline", "ReLU-IC-Conv2D", "IC-Conv2D-ReLU", "Conv2D-ReLU-IC")
_SETS = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100"}
# By group: depth, units of three convolutions, data set.
NETWORKS: dict[str, tuple[int, bool, str]] = {
    f"ResNet{'-B' if bottlenecks else ''}-{depth}, {title}": (depth, bottlenecks, data)
    for title, data in _SETS.items()
    for bottlenecks in (False, True)
    for depth in (110, 164)
} | {
    (_SMALL := "ResNet-20, CIFAR-10"): (20, False, "cifar10"),
    "ResNet-8, digits": (8, False, "digits"),
}


def _arms(network: str) -> list[Arm]:
    data = NETWORKS[network][2]
    values = {"network": network}
    return [
        *(Arm(unit, {**values, "unit": unit}, network, data) for unit in UNITS),
        # The normalization of the IC layer alone, to tell it from its noise.
        *(
            Arm(f"{unit}, rate 0", {**values, "unit": unit, "rate": 0.0}, network, data)
            for unit in UNITS[1:]
        ),
    ]


def _sooner(unit: str) -> Claim:
    return Claim(
        text=f"With {unit} a network has 80 % of its training images right sooner.",
        arms=(f"{_SMALL}: {unit}", f"{_SMALL}: baseline"),
        metric="steps_to_80",
        sign=-1,
        margin=50.0,
    )


def _better(text: str, other: str, published: float | None = None) -> Claim:
    return Claim(
        text=text,
        arms=(f"{_SMALL}: {UNITS[1]}", f"{_SMALL}: {other}"),
        published=published,
        gate=Gate(baseline=f"{_SMALL}: baseline"),
    )


_CLAIMS = (
    *map(_sooner, UNITS[1:]),
    _better(
        f"{UNITS[1]} is more accurate than the baseline.",
        "baseline",
        0.0069,  # of ResNet-110 on CIFAR-10, Table 1: 93.61 - 92.92
    ),
    _better(
        f"The noise of {UNITS[1]} helps: it is more accurate than at rate 0.",
        f"{UNITS[1]}, rate 0",
    ),
)


STUDY = Study(
    name="ic-units",
    title="Where the IC layer goes in a residual unit",
    model="keras_regnoise.studies.papers.models.ic_units:ICModel",
    data="cifar10",
    arms=tuple(arm for network in NETWORKS for arm in _arms(network)),
    baseline="baseline",
    recipes={
        "smoke": smoke(("ResNet-8, digits",), test_freq=1, options={"momentum": 0.9}),
        "short": short(
            (_SMALL,),
            epochs=30,
            seeds=tuple(range(8)),
            examples=5000,
            validation_examples=1000,
            test_examples=None,
            redraw=True,
            test_freq=3,
            options={"momentum": 0.9, "pooling": 2},
            deviations=(
                "ResNet-20 on 5,000 images of CIFAR-10, averaged to 16 x 16, 30 epochs "
                "of 100 steps of batch 50, instead of ResNet-110 on 50,000, 200 epochs "
                "of 782 steps of 64. Every seed has images of its own.",
                "No augmentation: shifted and flipped, the images would not be fitted "
                "in a training this short.",
                "BatchNormalization has momentum 0.9: with Keras's 0.99 its moving "
                "statistics would trail behind.",
            ),
        ),
        "paper": paper(
            epochs=200,
            batch_size=64,
            arms=("*110, CIFAR*", "*164, CIFAR*"),
            test_freq=1,
            options={"momentum": 0.99},
        ),
    },
    paper="Rethinking the Usage of Batch Normalization and Dropout in the Training of "
    "Deep Neural Networks, 2019",
    table="Table 1 and Figure 4",
    tables=("ic_table1",),
    published=beside(
        published("ic_table1"), {"ResNet-20, CIFAR-10": "ResNet-110, CIFAR-10"}
    ),
    deviations=(
        "A tenth of the training images is a validation split, which the paper trains "
        "on.",
        "Images are padded with black, before the mean image is subtracted.",
        "No weight decay: the paper names none, the Keras example whose schedule it "
        "takes has L2 of 1e-4. Shortcuts that change the shape are projections.",
        "The IC layers with rate 0, which are their normalization alone, are added.",
        "BatchNormalization has Keras's epsilon of 0.001.",
        "`steps_to_80` are the steps until the accuracy of the training batches, in "
        "the mean of an epoch, is 80 %, on a line between two epochs; all steps where "
        "it stays below.",
        "The units follow the paper's words; its drawing of them was not at hand.",
    ),
    claims=_CLAIMS,
)
