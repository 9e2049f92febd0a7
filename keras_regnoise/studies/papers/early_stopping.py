"""Early stopping, and two ways to use the validation data then: the lecture's."""

from typing import Any

from keras_regnoise.studies.study import Arm, Claim, Gate, Recipe, Study

NONE, STOPPED, RESTART, CONTINUE = "none", "stopped", "restart", "continue"
_DROPOUT = "Dropout 0.8"
_WAYS = (NONE, STOPPED, RESTART, CONTINUE, _DROPOUT)


def _claim(text: str, one: str, other: str, **options: Any) -> Claim:
    gate = Gate(baseline=NONE, regularizer="Dropout *")
    return Claim(text=text, arms=(one, other), gate=gate, **options)


def _recipe(**options: Any) -> Recipe:
    defaults = {"batch_size": 50, "redraw": True, "wrong_labels": 0.4}
    return Recipe(**{**defaults, **options})


STUDY = Study(
    name="early-stopping",
    title="Whether early stopping helps, and what to do with the validation data then",
    model="keras_regnoise.studies.papers.models.early_stopping:EarlyStoppingModel",
    data="digits",
    arms=tuple(
        Arm(
            way,
            {
                "network": "MLP",
                "way": way.partition(" ")[0],
                "noise": "Dropout" if way == _DROPOUT else "none",
                "rate": 0.8 if way == _DROPOUT else 0.0,
            },
        )
        for way in _WAYS
    ),
    baseline=NONE,
    recipes={
        "smoke": _recipe(epochs=5, seeds=(0,), options={"patience": 2}),
        "short": _recipe(
            epochs=150,
            seeds=tuple(range(20)),
            options={"patience": 10},
            deviations=("The MLP of keep-rate on digits with wrong labels.",),
        ),
    },
    paper="Xu, Regularizations for Deep Models (lecture), University of Sydney",
    table="early stopping",
    deviations=(
        "Of the 500 training images 40 % have a wrong label; the labels of the 297 "
        "validation images are right. What is added by the second run is thus cleaner "
        "than what the first one had.",
        "Stopped when the validation loss has not improved for 10 epochs, with the "
        "weights of the best. restart: the lecture's first way, continue: its second, "
        "by `training.refit`. An interrupted cell of these begins anew.",
        "The validation accuracy of restart and continue is that of images they have "
        "been trained on: nothing is chosen by it.",
    ),
    claims=(
        _claim("Early stopping is better than training to the end.", STOPPED, NONE),
        _claim(
            "To train again on all data is better than to stop early.",
            RESTART,
            STOPPED,
        ),
        _claim(
            "To go on with all data is better than to stop early.", CONTINUE, STOPPED
        ),
        _claim("Both ways are as good.", RESTART, CONTINUE, sign=0),
    ),
)
