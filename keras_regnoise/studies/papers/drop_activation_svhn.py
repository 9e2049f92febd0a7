"""Drop-Activation in published networks on SVHN: its Table 3."""

from keras_regnoise.studies.papers.drop_activation_networks import study

STUDY = study(
    "SVHN",
    3,
    "svhn_cropped+extra",
    by_group={
        "WideResNet-16-8, SVHN": {"epochs": 160, "learning_rate": 0.01},
        "DenseNet-BC-100-12, SVHN": {"epochs": 40, "batch_size": 64},
        "ResNeXt-29-8x64d, SVHN": {"epochs": 100},
    },
    augmentation=(),
    deviations=(
        "DenseNet has Dropout 0.2 behind its convolutions, as its paper has it where "
        "images are not augmented.",
    ),
)
