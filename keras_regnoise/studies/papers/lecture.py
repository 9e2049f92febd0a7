"""The equations of a lecture on regularization, each against Keras and the layers."""

from typing import Any

from keras_regnoise.studies.papers.laws import MEASURED, Groups, arms_of, claim_of
from keras_regnoise.studies.study import Claim, Recipe, Study

EXPECTED = "expected"
_GROUPS: Groups = {
    "Weight decay, SGD": ("decay", {"optimizer": "SGD", "momentum": 0.0}, ()),
    "Weight decay, momentum": ("decay", {"optimizer": "SGD", "momentum": 0.9}, ()),
    "Weight decay, Adam": ("decay", {"optimizer": "Adam", "momentum": 0.9}, ()),
    "Input noise": ("input noise", {"variance": 0.5}, ("without noise",)),
    "Weight noise, linear": (
        *("weight noise", {"variance": 0.25, "activation": "linear"}),
        (),
    ),
    "Weight noise, tanh": (
        *("weight noise", {"variance": 0.01, "activation": "tanh"}),
        ("as printed",),
    ),
    "BatchNormalization(aW): output": ("scale", {"what": "output"}, ()),
    "BatchNormalization(aW): gradient of u": ("scale", {"what": "inputs"}, ()),
    "BatchNormalization(aW): gradient of W, times a": ("scale", {"what": "kernel"}, ()),
    "DropConnect, mean": ("drop connect", {"rate": 0.5, "moment": 1}, ()),
    "DropConnect, variance": ("drop connect", {"rate": 0.5, "moment": 2}, ()),
}


def _claim(
    group: str, text: str, margin: float, one: str = MEASURED, other: str = EXPECTED
) -> Claim:
    return claim_of(group, text, one, other, margin)


_EXACT = 1e-3  # what float32 leaves of an equality
_CLAIMS = (
    _claim(
        "Weight decay, SGD",
        "Under SGD weight decay is an L2 penalty.",
        _EXACT,
    ),
    _claim(
        "Weight decay, momentum",
        "So it is with momentum, as Keras's optimizers decay.",
        _EXACT,
    ),
    _claim("Weight decay, Adam", "So it is under Adam: AdamW is Adam with L2.", _EXACT),
    _claim(
        "Input noise",
        "Noise of variance v on the inputs of a linear model is an L2 penalty of v.",
        0.02,
    ),
    _claim(
        "Input noise",
        "Noise on the inputs changes nothing.",
        0.02,
        other="without noise",
    ),
    _claim(
        "Weight noise, linear",
        "Noise on the weights of a linear model adds its variance times the squared "
        "gradient.",
        0.1,
    ),
    _claim(
        "Weight noise, tanh",
        "So it does behind tanh, with the term of the curvature.",
        0.1,
    ),
    _claim(
        "Weight noise, tanh",
        "So it does behind tanh as printed, without that term.",
        0.1,
        other="as printed",
    ),
    *(
        _claim(group, text, _EXACT)
        for group, text in (
            ("BatchNormalization(aW): output", "BN(aWu) is BN(Wu)."),
            (
                "BatchNormalization(aW): gradient of u",
                "The gradient of BN(aWu) by u is that of BN(Wu).",
            ),
            (
                "BatchNormalization(aW): gradient of W, times a",
                "The gradient by aW is that by W, divided by a.",
            ),
        )
    ),
    _claim("DropConnect, mean", "DropConnect keeps the mean.", 0.05),
    _claim(
        "DropConnect, variance",
        "DropConnect's variance is that of the moment-matched Gaussian.",
        0.05,
    ),
)


def _recipe(**options: Any) -> Recipe:
    defaults = {"epochs": 4, "seeds": tuple(range(5)), "options": {"rows": 50_000}}
    return Recipe(batch_size=20, **{**defaults, **options})


STUDY = Study(
    name="lecture",
    title="Whether Keras and the layers do what a lecture on regularization says",
    model="keras_regnoise.studies.papers.models.lecture:LectureModel",
    data="twonorm",
    arms=arms_of(_GROUPS, EXPECTED),
    baseline=EXPECTED,
    metric="value",
    objective="value",
    direction="",
    recipes={
        "smoke": _recipe(epochs=1, seeds=(0,), options={"rows": 2000}),
        "short": _recipe(
            deviations=("20 draws, of 50,000 rows each: 4 for each of 5 seeds.",)
        ),
    },
    paper="Xu, Regularizations for Deep Models (lecture), University of Sydney",
    table="its equations",
    deviations=(
        "An epoch is a draw: a problem from the cell's seed. `value` is the mean over "
        "the draws. No data set is read. The two ways of early stopping are a study of "
        "their own, early-stopping.",
        "Weight decay: what is left of the true weights after 50 steps on all data; "
        "expected is a penalty of 0.05 times the squared norm, measured the "
        "optimizer's weight_decay of 0.1.",
        "Weight noise: what the squared error grows by, over the variance of the "
        "noise; the targets are 0. The lecture leaves out the term of the error times "
        "the trace of the second derivative, which is of the same order.",
        "DropConnect is scaled by the keep rate, so that its mean is that of the "
        "layer without it.",
    ),
    claims=_CLAIMS,
)
