"""Do units trained with VCL have few modes? Figure 1 of the VCL paper."""

from typing import Any

from keras_regnoise.studies.papers.recipes import BATCH_NORM
from keras_regnoise.studies.study import Arm, Claim, Recipe, Study

_NORMALIZATIONS = ("bn", "none", "vcl")


def _arms(table: str, data: str) -> list[Arm]:
    return [
        Arm(
            name,
            {"table": table, "activation": "ELU", "normalization": name, "depth": 4},
            table,
            data,
        )
        for name in _NORMALIZATIONS
    ]


def _claim(other: str, text: str) -> Claim:
    # Not about accuracy, which would need a gate.
    return Claim(
        text=text,
        arms=("adult: vcl", f"adult: {other}"),
        metric="median_kurtosis",
        sign=-1,
        margin=0.1,
    )


def _recipe(**options: Any) -> Recipe:
    defaults = {"batch_size": 20, "learning_rate": 0.01, "options": {"window": 1}}
    return Recipe(**{**defaults, **options})


STUDY = Study(
    name="vcl-kurtosis",
    title="Whether units trained with VCL have a smaller kurtosis",
    model="keras_regnoise.studies.papers.models.vcl_kurtosis:KurtosisModel",
    data="uci/adult",
    arms=(*_arms("adult", "uci/adult"), *_arms("ringnorm", "ringnorm")),
    baseline="bn",
    metric="median_kurtosis",
    objective="val_loss",
    direction="min",
    recipes={
        "smoke": _recipe(
            epochs=1,
            seeds=(0,),
            examples=200,
            test_examples=200,
            test_freq=1,
            arms=("ringnorm",),
        ),
        "short": _recipe(
            epochs=20,
            seeds=(0, 1, 2, 3, 4),
            examples=3000,
            arms=("adult",),
            validation_freq=10,
            test_freq=10,
            deviations=("3,000 rows of adult, 20 epochs.",),
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Figure 1",
    deviations=(
        "The figure shows histograms of random units, and prints no numbers: here it "
        "is the median, over the units of the four hidden layers, of the kurtosis "
        "before the activation, on the test rows. Units that do not vary are left out.",
        "The paper does not say which activation: ELU, four layers of 256 units, "
        "trained as in the study vcl-uci.",
        BATCH_NORM,
    ),
    claims=(
        _claim("bn", "Units trained with VCL have a smaller kurtosis than with BN."),
        _claim("none", "They have a smaller kurtosis than without normalization."),
    ),
)
