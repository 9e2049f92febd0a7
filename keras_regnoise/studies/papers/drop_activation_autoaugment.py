"""Drop-Activation together with AutoAugment on CIFAR-100: its Table 6."""

from functools import partial

from keras_regnoise.studies.papers.drop_activation_networks import augmented, study

STUDY = study(
    "AutoAugment",
    6,
    "cifar100",
    title="Drop-Activation together with an augmentation",
    methods=("baseline", "AutoAug", "AutoAug+DropAct"),
    make=partial(augmented, "autoaugment cutout"),
    deviations=(
        "The table prints WideResNet-20-10, and quotes errors of WideResNet-28-10: "
        "here it is the latter.",
        "The policy is that of the table in the appendix of Cubuk et al. (2019), with "
        "25 pairs; their code has 95. Cutout of 16 x 16 pixels follows, as there.",
        "Networks are trained as in Table 1; Cubuk et al. have a cosine schedule.",
    ),
)
