"""Drop-Activation in published networks on EMNIST: its Table 4."""

from keras_regnoise.studies.papers.drop_activation_networks import study

STUDY = study(
    "EMNIST",
    4,
    "emnist/balanced",
    augmentation=(),
    deviations=(
        "The paper does not say whether it augments these images, of which a flipped "
        "letter would be another one: not here.",
        "The text has WideResNet-20-10 for this data set, the table WideResNet-28-10: "
        "here it is the latter.",
    ),
)
