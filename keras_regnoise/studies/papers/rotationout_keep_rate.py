"""RotationOut against Dropout by keep rate: Table 1 of the RotationOut paper."""

from keras_regnoise.studies.papers.published import beside, published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Claim, Gate, Study, Value

# By group: architecture, depth, data set.
NETWORKS = {
    "ResNet-110, CIFAR-100": ("resnet", 110, "cifar100"),
    "WideResNet-28-10, CIFAR-100": ("wide_resnet", 28, "cifar100"),
    "ResNet-110, CIFAR-10": ("resnet", 110, "cifar10"),
    "ResNet-20, CIFAR-10": ("resnet", 20, "cifar10"),
    "ResNet-8, digits": ("resnet", 8, "digits"),
}
_NOISES = (
    *("Dropout", "RotationOut", "RotationOut uniform", "RotationOut truncated"),
    # RotationOut's noise is centred, and in images one for all positions of a channel.
    *("CenteredDropout", "SpatialDropout", "CenteredSpatialDropout"),
)
_KEEP_RATES = (0.9, 0.8, 0.7, 0.6)
# Wrong labels ask for more noise than the paper's clean ones do.
_SMALL = "ResNet-20, CIFAR-10"
_SMALL_KEEP_RATES = (*_KEEP_RATES, 0.4)
# Of which the authors' networks have variants, in groups of their own.
_RELEASED = ("Dropout", "RotationOut")


def _arms(network: str, released: bool = False) -> list[Arm]:
    group = f"{network}, released code" if released else network

    def arm(name: str, noise: str, keep: float) -> Arm:
        values: dict[str, Value] = {"network": network, "noise": noise}
        values["keep_rate"] = keep
        if released:
            values["released"] = True
        return Arm(name, values, group, NETWORKS[network][2])

    return [
        arm("none", "none", 1.0),
        *(
            arm(f"{noise} {keep}", noise, keep)
            for noise in (_RELEASED if released else _NOISES)
            for keep in (_SMALL_KEEP_RATES if network == _SMALL else _KEEP_RATES)
        ),
    ]


def _claim(text: str, other: str, published: float | None = None) -> Claim:
    return Claim(
        text=text,
        arms=(f"{_SMALL}: RotationOut 0*", f"{_SMALL}: {other} *"),
        gate=Gate(baseline=f"{_SMALL}: none", regularizer=f"{_SMALL}: Dropout *"),
        published=published,
    )


_CLAIMS = (
    _claim(
        "RotationOut at its best keep rate is better than Dropout at its.",
        "Dropout",
        0.009,  # of the best rates, of Table 1a: 74.23 - 73.33
    ),
    _claim(
        "RotationOut is better than Dropout of whole channels, both at their best.",
        "SpatialDropout",
    ),
    _claim(
        "RotationOut is better than the Dropout most like it, centred and of whole "
        "channels, both at their best.",
        "CenteredSpatialDropout",
    ),
)


STUDY = Study(
    name="rotationout-keep-rate",
    title="RotationOut against Dropout by keep rate, in residual networks",
    model="keras_regnoise.studies.papers.models.rotationout_keep_rate:RotationOutModel",
    data="cifar100",
    arms=tuple(
        arm
        for network in NETWORKS
        for released in (False, True)
        for arm in _arms(network, released)
    ),
    baseline="none",
    recipes={
        "smoke": smoke(
            (
                "ResNet-8, digits: none",
                "ResNet-8, digits: Dropout 0.8",
                "ResNet-8, digits: RotationOut 0.8",
                "ResNet-8, digits, released code: none",
                "ResNet-8, digits, released code: RotationOut 0.8",
            ),
            learning_rate=0.05,
            test_freq=1,
        ),
        "short": short(
            (
                f"{_SMALL}: none",
                *(
                    f"{_SMALL}: {noise} {keep}"
                    for noise in (
                        *("Dropout", "SpatialDropout", "CenteredSpatialDropout"),
                        "RotationOut",
                    )
                    for keep in (0.6, 0.4)
                ),
            ),
            epochs=30,
            seeds=tuple(range(8)),
            learning_rate=0.05,
            examples=5000,
            validation_examples=1000,
            test_examples=None,
            redraw=True,
            wrong_labels=0.2,
            options={"pooling": 2},
            deviations=(
                "ResNet-20 on 5,000 images of CIFAR-10, averaged to 16 x 16, and 3,000 "
                "steps of batch 50, instead of ResNet-110 on 50,000 of CIFAR-100 and "
                "64,000 of batch 128; learning rate 0.05 instead of 0.1.",
                "A fifth of the training images has a wrong label, and none is "
                "augmented: a training this short overfits then. Every seed has images "
                "and wrong labels of its own.",
                "The last epoch alone stands beside the paper's mean of the last ten.",
            ),
        ),
        "paper": paper(
            epochs=182,  # 64,000 steps
            batch_size=128,
            seeds=(0, 1, 2, 3, 4),
            learning_rate=0.1,
            arms=("ResNet-110, CIFAR-100", "WideResNet-28-10, CIFAR-100"),
            test_freq=1,
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="Table 1",
    tables=("rotationout_table1",),
    published=beside(
        published("rotationout_table1"),
        {
            "ResNet-20, CIFAR-10": "ResNet-110, CIFAR-100",
            "ResNet-110, CIFAR-10": "ResNet-110, CIFAR-100",
        },
    ),
    deviations=(
        "The paper's numbers are the mean of the last ten epochs and the best epoch; "
        "the headline here is the last epoch. At the paper's scale "
        "`--metric average_test_accuracy` and `best_test_accuracy` are the paper's.",
        "A tenth of the training images is a validation split, which the paper trains "
        "on.",
        "Images are padded with black, before they are standardized.",
        "Shortcuts that change the shape are projections without normalization. The "
        "text follows He et al. (2016), which pads with zeros; the released code "
        "projects and normalizes.",
        "RotationOut has one angle per position, as in equation 11, with a sign per "
        "sample. The groups 'released code' have what the released networks have: one "
        "angle per sample, Dropout of whole channels, weight decay 1e-4. Their warm-up "
        "of the noise over 1,000 steps and their tangents, uniform on one side of 0, "
        "are left out.",
        "The paper centres what it rotates and does not say whether what it drops is; "
        "here Dropout is Keras's, not centred, as in the released code. Added is "
        "Dropout that is centred, of whole channels, and both, as RotationOut's noise.",
        BATCH_NORM,
    ),
    claims=_CLAIMS,
    x="keep_rate",
    series="noise",
)
