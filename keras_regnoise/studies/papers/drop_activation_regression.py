"""Regression of one variable from 20 noisy points: Figure 3 of Drop-Activation."""

from typing import Any

from keras_regnoise.studies.study import Arm, Claim, Gate, Recipe, Study

FUNCTIONS = ("x sin x", "step")
_MODEL = "keras_regnoise.studies.papers.models.drop_activation_regression"
_DATA = {"x sin x": f"{_MODEL}:x_sin_x", "step": f"{_MODEL}:step"}
_MARGINS = {"x sin x": 0.1, "step": 0.01}  # the variance of the noise is 1, and 0.09
ACTIVATIONS = ("ReLU", "Drop-Activation", "LeakyReLU", "RReLU", "Dropout 0.1")


def _arms(function: str) -> list[Arm]:
    return [
        Arm(name, {"function": function, "activation": name}, function, _DATA[function])
        for name in ACTIVATIONS
    ]


def _claim(function: str, other: str, text: str) -> Claim:
    return Claim(
        text=f"{text} ({function}).",
        arms=(f"{function}: Drop-Activation", f"{function}: {other}"),
        sign=-1,
        margin=_MARGINS[function],
        gate=Gate(
            baseline=f"{function}: ReLU",
            regularizer=f"{function}: Dropout *",
            fitted=0.95,
            metric="train_r2_score",
        ),
    )


def _recipe(**options: Any) -> Recipe:
    return Recipe(**{"batch_size": 20, "validation_freq": 100, **options})


STUDY = Study(
    name="drop-activation-regression",
    title="Whether Drop-Activation helps a wide network that sees 20 noisy points",
    model=f"{_MODEL}:RegressionModel",
    data=_DATA["x sin x"],
    arms=tuple(arm for function in FUNCTIONS for arm in _arms(function)),
    baseline="ReLU",
    metric="test_loss",
    objective="val_loss",
    direction="min",
    recipes={
        "smoke": _recipe(
            epochs=30,
            seeds=(0,),
            arms=("x sin x: ReLU", "x sin x: Drop-Activation"),
            options={"widths": (100, 80, 20)},
        ),
        "short": _recipe(
            epochs=800,
            seeds=tuple(range(75)),
            options={"widths": (1000, 800, 200)},
            deviations=("800 steps; the paper does not say how many.",),
        ),
    },
    paper="Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization, "
    "2018",
    table="Figure 3",
    deviations=(
        "The paper shows one draw of the 20 points; every seed has points of its own, "
        "and 20 more to validate. The error is the mean square against the function "
        "itself, on a grid of 201 points.",
        "The paper gives neither the piecewise constant function, nor its noise, nor "
        "the training: -1 below 5 and 1 above, points of N(5, 2) within [0, 10], noise "
        "of deviation 0.3; Adam at 0.001 on all points, inputs (x - 5) / 3.",
        "LeakyReLU has the slope 0.05, which Drop-Activation has at inference, RReLU "
        "slopes of 1/8 to 1/3. Dropout stands behind every activation.",
    ),
    claims=tuple(
        claim
        for function in FUNCTIONS
        for claim in (
            _claim(function, "ReLU", "Drop-Activation has a smaller error than ReLU"),
            _claim(
                function,
                "LeakyReLU",
                "The dropping helps: its error is smaller than with the slope alone",
            ),
            _claim(function, "RReLU", "It is smaller than with RReLU"),
        )
    ),
)
