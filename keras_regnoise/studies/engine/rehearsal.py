"""Tries on untrained models what could fail after hours of training."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from keras_regnoise import tuning as spaces
from keras_regnoise._race.words import NONE
from keras_regnoise.studies.engine.export import own_objects, rehearse
from keras_regnoise.studies.engine.training import hyperparameters, load_data
from keras_regnoise.studies.run import Options
from keras_regnoise.studies.study import Arm, Cell, Value
from keras_regnoise.studies.tune import Tuning
from keras_regnoise.studies.tune_model import TuneModel
from keras_regnoise.tuning._alike import distinct_arms


def rehearsed_arms(tuning: Tuning, options: Options) -> dict[str, Mapping[str, Value]]:
    """Build, check and export one model of each kind, and list all arms by name.

    Args:
        tuning: Without arms.
        options: How the cells will be trained.

    Raises:
        Exception: Whatever would fail later, in the user's own words or ours.
    """
    nothing = replace(tuning, arms={NONE: {}})
    study = nothing.study()
    recipe = study.recipe("short")
    cell = Cell(study.arms[0], tuning.seeds[0])
    keras.config.set_dtype_policy(options.precision)
    model = TuneModel(recipe, load_data(study, cell, recipe, options))
    points = spaces.enumerate_space(model.space())
    objects = own_objects(nothing.source)

    seen: set[Any] = set()

    def build(values: Mapping[str, Value]) -> keras.Model:
        arm = Arm("arm", values)
        network = model.build(hyperparameters(Cell(arm, tuning.seeds[0])))
        kind = values.get("noise"), values.get("noise_placement")
        if kind not in seen:
            seen.add(kind)
            model.check(network, (study.metric, study.objective))
            rehearse(network, objects)
        return network

    build(points[0])
    return distinct_arms(points, build)
