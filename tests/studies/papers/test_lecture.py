"""Each equation of the lecture in a few draws."""

import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.studies.papers.laws import MEASURED
from keras_regnoise.studies.papers.lecture import EXPECTED, STUDY

ROWS = 20_000
MODEL = STUDY.load_model()(STUDY.recipe("smoke"), None)
SIDES = {str(arm): arm for arm in STUDY.arms}


def values(group, side, draws):
    arm = SIDES[f"{group}: {side}"]
    law = MODEL.law(arm.values["law"])
    randoms = (np.random.default_rng((7, draw)) for draw in range(draws))
    return np.array([law(arm.values, random, ROWS) for random in randoms])


@pytest.mark.parametrize(
    "group",
    [
        "Weight decay, SGD",
        "BatchNormalization(aW): output",
        "BatchNormalization(aW): gradient of u",
        "BatchNormalization(aW): gradient of W, times a",
    ],
)
def test_what_is_exact_is(group):
    one, other = (values(group, side, 1) for side in (EXPECTED, MEASURED))
    assert abs(one[0]) > 1e-3
    np.testing.assert_allclose(one, other, rtol=1e-3)


@pytest.mark.parametrize("group", ["Weight decay, momentum", "Weight decay, Adam"])
def test_weight_decay_is_not_always_a_penalty(group):
    one, other = (values(group, side, 1) for side in (EXPECTED, MEASURED))
    assert abs(one - other) > 1e-3


@pytest.mark.parametrize(
    "group",
    ["Input noise", "Weight noise, tanh", "DropConnect, mean", "DropConnect, variance"],
)
def test_what_is_expected_is_measured(group):
    difference = values(group, MEASURED, 15) - values(group, EXPECTED, 15)
    error = difference.std(ddof=1) / np.sqrt(15)
    assert abs(difference.mean()) < 4 * error + 0.02
    assert error < 0.05


@pytest.mark.parametrize(
    ("group", "side"),
    [("Weight noise, tanh", "as printed"), ("Input noise", "without noise")],
)
def test_what_is_said_to_differ_does(group, side):
    assert (values(group, side, 15) - values(group, MEASURED, 15)).mean() > 0.1
