"""Do the layers do what the formulas of the papers say?"""

from typing import Any

from keras_regnoise.studies.papers.laws import MEASURED, Groups, arms_of, claim_of
from keras_regnoise.studies.study import Claim, Recipe, Study

FORMULA = "formula"
_GROUPS: Groups = {
    "Lemma 1, Dropout": ("covariance", {"kind": "dropout", "rate": 0.3}, ()),
    "Lemma 1, RotationOut": ("covariance", {"kind": "rotationout", "rate": 0.3}, ()),
    "Equation 15, Dropout": (
        *("coadaptation", {"kind": "dropout", "rate": 0.3, "features": 12}),
        (),
    ),
    "Equation 15, RotationOut": (
        *("coadaptation", {"kind": "rotationout", "rate": 0.3, "features": 12}),
        ("of Dropout",),
    ),
    "Equation 15, RotationOut at 0.9": (
        *("coadaptation", {"kind": "rotationout", "rate": 0.9, "features": 4}),
        ("as printed",),
    ),
    "Regression, Dropout": (
        *("regression", {"kind": "dropout", "rate": 0.5}),
        ("ridge",),
    ),
    "Regression, RotationOut": (
        *("regression", {"kind": "rotationout", "rate": 0.5}),
        ("ridge",),
    ),
    "IC layer, correlation": ("correlation", {"rate": 0.3}, ()),
    "IC layer, information": ("information", {"rate": 0.3}, ("behind ReLU",)),
    "Drop-Activation, variance": ("shift", {"rate": 0.3}, ()),
    "Drop-Activation, penalty": ("penalty", {"rate": 0.3}, ("as printed",)),
    "BatchNormalization, 4 samples": (
        *("batch norm", {"samples": 4, "x": 2.0}),
        ("the line y = x",),
    ),
    "CrossNormalization, 8 samples": ("cross norm", {"samples": 8, "x": 2.0}, ()),
}


def _claim(group: str, text: str, one: str = MEASURED, other: str = FORMULA) -> Claim:
    return claim_of(group, text, one, other, margin=0.02)


_CLAIMS = (
    _claim("Lemma 1, Dropout", "The noise of Dropout has the covariance of Lemma 1."),
    _claim(
        "Lemma 1, RotationOut",
        "The noise of RotationOut has the covariance of Lemma 1.",
    ),
    _claim(
        "Equation 15, Dropout",
        "Centred Dropout lowers the co-adaptation by the keep rate.",
    ),
    _claim(
        "Equation 15, RotationOut",
        "RotationOut lowers the co-adaptation as equation 15 says.",
    ),
    _claim(
        "Equation 15, RotationOut",
        "RotationOut lowers the co-adaptation as much as Dropout does.",
        other="of Dropout",
    ),
    _claim(
        "Equation 15, RotationOut at 0.9",
        "Below a keep rate of 1/D equation 15 holds with the absolute value.",
    ),
    _claim(
        "Equation 15, RotationOut at 0.9",
        "Below a keep rate of 1/D equation 15 holds as printed.",
        other="as printed",
    ),
    _claim(
        "Regression, Dropout",
        "Linear regression with Dropout has the weights of equation 6.",
    ),
    _claim(
        "Regression, RotationOut",
        "Linear regression with RotationOut has the weights of equation 6.",
    ),
    _claim(
        "Regression, Dropout",
        "With scales over three decades plain ridge of the same strength does what "
        "Dropout does.",
        other="ridge",
    ),
    _claim(
        "Regression, RotationOut",
        "With scales over three decades plain ridge of the same strength does what "
        "RotationOut does.",
        other="ridge",
    ),
    _claim(
        "IC layer, correlation",
        "The IC layer multiplies the correlation of two units by the keep rate.",
    ),
    _claim(
        "IC layer, information",
        "The IC layer multiplies the mutual information by the squared keep rate.",
    ),
    _claim(
        "IC layer, information",
        "So does Dropout right behind a ReLU, whose units are often 0.",
        one="behind ReLU",
    ),
    _claim(
        "Drop-Activation, variance",
        "The variance behind Drop-Activation shifts as Property 5.2 says.",
    ),
    _claim(
        "Drop-Activation, penalty",
        "Drop-Activation adds the corrected penalty of Property 5.1.",
    ),
    _claim(
        "Drop-Activation, penalty",
        "Drop-Activation adds the penalty of Property 5.1 as printed.",
        other="as printed",
    ),
    _claim(
        "BatchNormalization, 4 samples",
        "The expected output of BatchNormalization in training is f(x, B).",
    ),
    _claim(
        "BatchNormalization, 4 samples",
        "It is linear, as at inference.",
        other="the line y = x",
    ),
    _claim(
        "CrossNormalization, 8 samples",
        "The expected output of CrossNormalization is linear: x times E[1 / s].",
    ),
)


def _recipe(**options: Any) -> Recipe:
    defaults = {"epochs": 80, "seeds": tuple(range(5)), "options": {"rows": 10_000}}
    return Recipe(batch_size=20, **{**defaults, **options})


STUDY = Study(
    name="closed-forms",
    title="Whether the layers do what the papers' formulas say",
    model="keras_regnoise.studies.papers.models.closed_forms:ClosedFormModel",
    data="twonorm",
    arms=arms_of(_GROUPS, FORMULA),
    baseline=FORMULA,
    metric="value",
    objective="value",
    direction="",
    recipes={
        "smoke": _recipe(epochs=2, seeds=(0,), options={"rows": 5000}),
        "short": _recipe(
            deviations=("400 draws, of 10,000 rows each: 80 for each of 5 seeds.",)
        ),
    },
    paper="RotationOut, IC layer, Drop-Activation and VCL: their formulas",
    table="Lemma 1, equations 5, 6, 15 and 28; IC, section 3; Properties 5.1 and 5.2",
    deviations=(
        "An epoch is a draw: a problem from the cell's seed, and so many rows of noise "
        "by the layer itself. `value` is the mean over the draws. No data set is read.",
        "Lemma 1: the variance of the noise along a direction, 16 features. Equation "
        "15: the factor of the co-adaptation of features of correlation 0.5; its "
        "absolute value is a correction. Regression: the mean over 12 features of "
        "weight over true weight.",
        "The IC layer is measured on Gaussian pairs of correlation 0.6, the "
        "information on eight levels of each, by Miller and Madow's estimate.",
        "Property 5.1 as printed has products of different inactive units; the nets "
        "here have positive weights behind them, so that these do not cancel.",
        "f(x, B) at x = 2, by the package's own Monte Carlo estimate.",
    ),
    claims=_CLAIMS,
)
