"""Drop-Activation together with Cutout on CIFAR-100: its Table 5."""

from keras_regnoise.studies.papers.drop_activation_networks import augmentation_study

STUDY = augmentation_study(
    "Cutout",
    5,
    ("baseline", "Cutout", "Cutout+DropAct"),
    "cutout_quarter",
    deviations=(
        "Cutout erases 8 x 8 pixels, as its paper does on CIFAR-100, but inside the "
        "image, and with gray; there the square hangs over the border.",
        "Both networks are trained as the paper of Cutout trains them: 200 epochs, "
        "weight decay 5e-4, the learning rate times 0.2 at 60, 120 and 160.",
    ),
)
