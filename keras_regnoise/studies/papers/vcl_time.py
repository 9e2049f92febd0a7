"""What normalization and VCL cost in time: Table 1 of VCL."""

from dataclasses import replace

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM, paper, short, smoke
from keras_regnoise.studies.study import Arm, Published, Study, Value

# The arms of `vcl-cifar` that stand for the rows of the table.
_ROWS = {"none": "none", "bn": "bn", "vcl": "vcl, n = 5"}
_DATA = {"CIFAR-100": "cifar100", "CIFAR-10": "cifar10", "digits": "digits"}
_OF_PAPER = tuple(_DATA)[:2]  # images of one size


def _arms(group: str) -> list[Arm]:
    fixed: dict[str, Value] = {"activation": "ELU", "released": False}
    return [
        Arm(row, {**fixed, "normalization": normalization}, group, _DATA[group])
        for row, normalization in _ROWS.items()
    ]


def _numbers(group: str) -> list[Published]:
    return [
        replace(number, group=group, of=f"CIFAR-100, {number.group}")
        for number in published("vcl_table1")
    ]


STUDY = Study(
    name="vcl-time",
    title="What BatchNormalization and VCL cost in training time, 11-layer network",
    model="keras_regnoise.studies.papers.models.vcl_time:VCLTimeModel",
    data="cifar100",
    arms=tuple(arm for group in _DATA for arm in _arms(group)),
    baseline="none",
    metric="seconds_per_100_iterations",
    objective="seconds_per_100_iterations",
    direction="min",
    recipes={
        "smoke": smoke(("digits",), epochs=3, learning_rate=0.01),
        "short": short(
            ("CIFAR-10",),
            epochs=6,
            batch_size=250,
            learning_rate=0.01,
            examples=1000,
            deviations=(
                "24 iterations, of which the last 20 count; images of CIFAR-10, which "
                "are of the same size, and a classifier of 10 classes, not 100.",
            ),
        ),
        "paper": paper(
            epochs=11,
            batch_size=250,
            learning_rate=0.05,
            arms=("CIFAR-100",),
            augmentation=(),
            examples=2500,
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Table 1",
    tables=("vcl_table1",),
    published=tuple(n for group in _OF_PAPER for n in _numbers(group)),
    deviations=(
        "The paper names neither its activation nor its n: ELU and n = 5, as the "
        "released code has them. It does not say what an iteration is: a step of "
        "training with a batch of 250, images standardized and not augmented.",
        "The median over epochs of the time of a step counts, without the first epoch, "
        "in which the step is compiled. Nothing else should run on the machine, and "
        "one cell at a time (`--workers 1`, the default).",
        BATCH_NORM,
    ),
)
