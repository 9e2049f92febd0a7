"""Each law in a few draws, and the loop of draws."""

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise import datasets
from keras_regnoise.studies import Fit
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.closed_forms import FORMULA, STUDY
from keras_regnoise.studies.papers.laws import MEASURED

DRAWS, ROWS = 30, 4000
GROUPS = tuple(dict.fromkeys(arm.group for arm in STUDY.arms))
MODEL = STUDY.load_model()(STUDY.recipe("smoke"), None)
SIDES = {str(arm): arm for arm in STUDY.arms}


def values(group, side):
    arm = SIDES[f"{group}: {side}"]
    law = MODEL.law(arm.values["law"])
    randoms = (np.random.default_rng((7, draw)) for draw in range(DRAWS))
    return np.array([law(arm.values, random, ROWS) for random in randoms])


@pytest.mark.parametrize("group", GROUPS)
def test_what_a_layer_does_is_what_its_formula_says(group):
    difference = values(group, MEASURED) - values(group, FORMULA)
    error = difference.std(ddof=1) / np.sqrt(DRAWS)
    # Ratios of estimates have a bias of the order of 1 / ROWS.
    assert abs(difference.mean()) < 4 * error + 3e-3
    assert error < 0.02


@pytest.mark.parametrize(
    ("group", "side"),
    [
        (arm.group, arm.name)
        for arm in STUDY.arms
        if arm.name not in (FORMULA, MEASURED)
    ],
)
def test_what_is_said_to_differ_does(group, side):
    one, other = values(group, side), values(group, MEASURED)
    if side == "behind ReLU":
        other = values(group, FORMULA)
    # With the strength of RotationOut, ridge is nearly the same.
    least = 1e-3 if group == "Regression, RotationOut" else 0.02
    assert abs(one - other).mean() > least


def test_a_fit_is_the_mean_over_the_draws_and_goes_on_where_it_was():
    (cell,) = STUDY.cells("smoke", ["Lemma 1, Dropout: measured"], [3])
    recipe = STUDY.recipe("smoke")
    model = STUDY.load_model()(recipe, datasets.load("twonorm", examples=50))
    hp = hyperparameters(cell)
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["value"]))
    )
    seen = []
    whole = model.fit(hp, model.build(hp), Fit((log,)))
    assert [epoch for epoch, _ in seen] == list(range(recipe.epochs))
    assert whole["value"] == pytest.approx(np.mean([value for _, value in seen]))
    history = {"value": [value for _, value in seen[:2]]}
    assert model.fit(hp, model.build(hp), Fit((), 2, history)) == whole
