"""Drop-Activation together with AutoAugment on CIFAR-100: its Table 6."""

from keras_regnoise.studies.papers.drop_activation_networks import augmentation_study

STUDY = augmentation_study(
    "AutoAugment",
    6,
    ("baseline", "AutoAug", "AutoAug+DropAct"),
    "autoaugment cutout",
    deviations=(
        "The policy is that of the table in the appendix of Cubuk et al. (2019), with "
        "25 pairs; their code has 95. Cutout of 16 x 16 pixels follows, as there.",
        "Networks are trained as in Table 1; Cubuk et al. have a cosine schedule.",
    ),
)
