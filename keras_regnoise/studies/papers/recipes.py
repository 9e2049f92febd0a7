"""The three scales as most of the papers' studies have them."""

from typing import Any

from keras_regnoise.studies.study import Recipe

# One of the deviations of every study that has the `batch_norm` of `protocol`.
BATCH_NORM = (
    "BatchNormalization has the momentum 0.9 and Keras's epsilon of 0.001; torch's "
    "defaults are 0.9, in its terms 0.1, and 0.00001."
)


def smoke(arms: tuple[str, ...], **options: Any) -> Recipe:
    """Show that it runs: a few steps on a hundred examples that need no files.

    Args:
        arms: Patterns of the arms.
        **options: Other fields of `Recipe`.
    """
    return _recipe(
        options, arms=arms, epochs=2, seeds=(0,), examples=100, test_examples=100
    )


def short(arms: tuple[str, ...], **options: Any) -> Recipe:
    """Do what two cores do in an hour, on images of CIFAR.

    Args:
        arms: Patterns of the arms.
        **options: Other fields of `Recipe`.
    """
    return _recipe(
        options,
        arms=arms,
        epochs=20,
        validation_examples=500,
        test_examples=2000,
        validation_freq=5,
    )


def paper(**options: Any) -> Recipe:
    """Follow the paper's schedule on CIFAR, shifted and flipped.

    Args:
        **options: Other fields of `Recipe`.
    """
    return _recipe(options, augmentation=("pad_crop", "flip"), validation_freq=10)


def _recipe(options: dict[str, Any], **defaults: Any) -> Recipe:
    return Recipe(**{"batch_size": 50, "seeds": (0, 1, 2), **defaults, **options})
