"""Tries on untrained models what could fail after hours of training."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras

from keras_regnoise import tuning as spaces
from keras_regnoise.studies.engine.export import own_objects, rehearse
from keras_regnoise.studies.engine.training import hyperparameters, load_data
from keras_regnoise.studies.run import Options
from keras_regnoise.studies.study import Arm, Cell, Value
from keras_regnoise.studies.tune import Tuning
from keras_regnoise.studies.tune_model import TuneModel


def rehearsed_arms(tuning: Tuning, options: Options) -> Sequence[Mapping[str, Value]]:
    """Build, check and export one model of each kind, and list all arms.

    Args:
        tuning: Without arms.
        options: How the cells will be trained.

    Raises:
        Exception: Whatever would fail later, in the user's own words or ours.
    """
    nothing = replace(tuning, arms=({},))
    study = nothing.study()
    recipe = study.recipe("short")
    cell = Cell(study.arms[0], tuning.seeds[0])
    keras.config.set_dtype_policy(options.precision)
    model = TuneModel(recipe, load_data(study, cell, recipe, options))
    arms = spaces.enumerate_space(model.space())
    objects = own_objects(nothing.source)
    for arm in _one_of_each(arms):
        network = model.build(hyperparameters(Cell(Arm("arm", arm), tuning.seeds[0])))
        model.check(network, (study.metric, study.objective))
        rehearse(network, objects)
    return arms


def _one_of_each(
    arms: Sequence[Mapping[str, Value]],
) -> list[Mapping[str, Value]]:
    """Return an arm of every kind of noise in every placement."""
    found = {(arm.get("noise"), arm.get("noise_placement")): arm for arm in arms}
    return list(found.values())
