"""The space of a user's model: its own, or the noise that is put into it."""

import keras_tuner
import pytest

from keras_regnoise import tuning
from keras_regnoise.studies.study import Recipe
from keras_regnoise.studies.tune_model import TuneModel
from keras_regnoise.studies.user_code import lent


def with_hp(hp):
    """Ask for nothing."""


def with_another_name(values):
    """As keras-tuner calls it too."""


def without():
    """Ask for no hyperparameters."""


@pytest.mark.parametrize("build", [with_hp, with_another_name])
def test_a_function_of_hyperparameters_is_a_space_of_its_own(build):
    with lent(build=build):
        assert space() is build


@pytest.mark.parametrize("build", [with_hp, with_another_name, without])
def test_noise_that_is_asked_for_is_put_in(build):
    with lent(build=build):
        found = space(rates=(0.5,))
    hp = keras_tuner.HyperParameters()
    found.ask(hp)
    assert isinstance(found, tuning.NoiseHyperModel)
    assert "noise" in hp


def space(**options):
    nothing = {"layers": (), "rates": (), "placements": ()}
    recipe = Recipe(
        epochs=1,
        batch_size=1,
        seeds=(0,),
        options=nothing | {"build": "python:build"} | options,
    )
    return TuneModel(recipe, None).space()
