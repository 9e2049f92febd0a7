"""Drop-Activation in published networks: what its Tables 1 to 6 share."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, smoke
from keras_regnoise.studies.study import Arm, Recipe, Study

METHODS = ("baseline", "RReLU", "DropAct")
_SMOKE = "ResNet-8, digits"
# By family: what its own paper has where ResNet has 164 epochs of batch 128.
_OTHER: dict[str, dict[str, float]] = {
    "ResNet-18": {"epochs": 200},
    "WideResNet": {"epochs": 200},
    "DenseNet-BC-100": {"epochs": 300, "batch_size": 64},
    "DenseNet-BC-190": {"epochs": 300, "batch_size": 32},
    "ResNeXt": {"epochs": 300},
}
_DEVIATIONS = (
    "The paper does not say how many runs a number is of: 3 here.",
    "A tenth of the training images is a validation split.",
    "WideResNet has Dropout between its convolutions, as the quoted errors have: 0.3, "
    "and 0.4 on SVHN.",
    BATCH_NORM,
)
_NOT_PRINTED = "RReLU is in every network, also where the table has no number of it."
_WARMED_UP = ("ResNet-110", "ResNet-164", "PreResNet-164")
_WARM_UP = (
    "ResNet-110, ResNet-164 and PreResNet-164 start at the full learning rate; their "
    "papers warm them up for 400 steps."
)


def arm(group: str, method: str, data: str) -> Arm:
    """Return the arm of a method in a group, which begins with the network's name."""
    network = group.rpartition(", ")[0]
    return Arm(method, {"network": network, "method": method}, group, data)


def _augmented(augmentation: str, group: str, method: str, data: str) -> Arm:
    """Return the arm of an augmentation, with or without Drop-Activation, or neither.

    Args:
        augmentation: Names of `keras_regnoise.datasets.AUGMENTATIONS`, with spaces.
        group: The network as the table prints it, and the images.
        method: Such as `"Cutout+DropAct"`.
        data: Name of the data set.
    """
    network = group.rpartition(", ")[0]
    activation = "DropAct" if method.endswith("DropAct") else "baseline"
    values = {
        # Of the errors that the tables quote, whatever they print.
        "network": network.replace("WideResNet-20-10", "WideResNet-28-10"),
        "method": activation,
        "augmentation": "" if method == "baseline" else augmentation,
    }
    return Arm(method, values, group, data)


def study(
    name: str,
    table: int,
    data: str,
    *,
    title: str = "ReLU, RReLU and Drop-Activation in published networks",
    methods: tuple[str, ...] = METHODS,
    make: Callable[[str, str, str], Arm] = arm,
    by_group: Mapping[str, Mapping[str, float]] | None = None,
    augmentation: tuple[str, ...] = ("pad_crop", "flip"),
    more: tuple[Arm, ...] = (),
    recipes: Mapping[str, Recipe] | None = None,
    deviations: tuple[str, ...] = (),
) -> Study:
    """Return the study of a table: every method in every network that it has.

    Args:
        name: What the study is named after, the images or the augmentation.
        table: Number of the table.
        data: Name of the data set.
        title: What is compared.
        methods: Arms of every network.
        make: Makes an arm of its group, its method and its data.
        by_group: See `Recipe`; by default what every network's own paper has.
        augmentation: See `Recipe`.
        more: Arms that the table does not have.
        recipes: Recipes between `"smoke"` and `"paper"`.
        deviations: Further sentences.
    """
    numbers = published(f"drop_activation_table{table}")
    groups = tuple(dict.fromkeys(number.group for number in numbers))
    arms = tuple(make(group, method, data) for group in groups for method in methods)
    printed = {(number.group, number.arm) for number in numbers}
    return Study(
        name=f"drop-activation-{name.replace('-', '').lower()}",
        title=f"{title}, {name}",
        model="keras_regnoise.studies.papers.models.drop_activation_networks:"
        "DropActivationNetwork",
        data=data,
        arms=(*arms, *more, *(make(_SMOKE, method, "digits") for method in methods)),
        baseline=methods[0],
        metric="test_error",
        objective="val_error",
        direction="min",
        recipes={
            "smoke": smoke((_SMOKE,), learning_rate=0.05),
            **(recipes or {}),
            "paper": paper(
                epochs=164,
                batch_size=128,
                learning_rate=0.1,
                arms=groups,
                by_group=by_group or _of_families(groups),
                augmentation=augmentation,
            ),
        },
        paper="Drop-Activation: Implicit Parameter Reduction and Harmonic "
        "Regularization, 2018",
        table=f"Table {table}",
        published=numbers,
        tables=(f"drop_activation_table{table}",),
        deviations=(
            *_DEVIATIONS,
            *([_NOT_PRINTED] if len(printed) < len(arms) else []),
            *([_WARM_UP] if groups[0].startswith(_WARMED_UP) else []),
            *deviations,
        ),
    )


def augmentation_study(
    name: str,
    table: int,
    methods: tuple[str, ...],
    augmentation: str,
    deviations: tuple[str, ...],
) -> Study:
    """Return the study of a table of an augmentation with and without the layer."""
    return study(
        name,
        table,
        "cifar100",
        title="Drop-Activation together with an augmentation",
        methods=methods,
        make=partial(_augmented, augmentation),
        deviations=(
            "The table prints WideResNet-20-10, and quotes errors of "
            "WideResNet-28-10: here it is the latter.",
            *deviations,
        ),
    )


def _of_families(groups: tuple[str, ...]) -> dict[str, Any]:
    return {
        group: other
        for group in groups
        for family, other in _OTHER.items()
        if group.startswith(family)
    }
