"""A study of a user's own model, made on the command line."""

import inspect
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_regnoise import tuning
from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.study import Arm, Recipe, Study, Value
from keras_regnoise.studies.user_code import load_function

_NONE = "none"


def hypermodel(specification: Mapping[str, Any]) -> Any:
    """Return the search space: the user's own, or noise put into the user's model."""
    build = load_function(specification["build"])
    if "hp" in inspect.signature(build).parameters:
        return build
    return tuning.NoiseHyperModel(
        build,
        layers=tuple(specification["layers"]),
        rates=(0.0, *specification["rates"]),
        placements=tuple(specification["placements"]),
    )


class TuneModel(StudyModel):
    """The user's model with the noise of an arm."""

    specification: Mapping[str, Any]

    def build(self, hp: Any) -> keras.Model:
        keras.utils.set_random_seed(hp.get("seed"))
        space = hypermodel(self.specification)
        build = space if callable(space) else space.build
        model = build(hp)
        if not isinstance(model, keras.Model) or model.optimizer is None:
            raise ValueError(
                f"{self.specification['build']} must return a compiled keras.Model. "
                f"Received: {type(model).__name__}, not compiled"
            )
        return model


def tuning_study(**specification: Any) -> Study:
    """Make the study of a specification, see `keras-regnoise tune --help`."""

    def model(recipe: Recipe, data: Any) -> TuneModel:
        made = TuneModel(recipe, data)
        made.specification = specification
        return made

    values = [dict(arm) for arm in specification["arms"]]
    arms = tuple(Arm(_name(arm, values[0]), arm) for arm in values)
    metric = specification["objective"]
    return Study(
        name="tune",
        title=f"Which noise, where and how strong, for {specification['build']}",
        model=model,
        data=specification["data"],
        arms=arms,
        baseline=arms[0].name,
        recipes={
            "short": Recipe(
                epochs=specification["epochs"],
                batch_size=specification["batch_size"],
                seeds=tuple(specification["seeds"]),
            )
        },
        metric=metric,
        objective=metric,
        direction="min" if "loss" in metric or "error" in metric else "max",
        deviations=(
            "The arms are compared on the validation part, by which the best one is "
            "chosen: its own figure is optimistic.",
        ),
    )


def _name(values: Mapping[str, Value], first: Mapping[str, Value]) -> str:
    """Name an arm by what distinguishes it; the first is the one without noise."""
    if values == first:
        return _NONE
    known = ("noise", "noise_rate", "noise_placement")
    words = [str(values[key]) for key in known if key in values]
    words += [f"{key}={value}" for key, value in values.items() if key not in known]
    return " ".join(words)


def enumerate_arms(specification: Mapping[str, Any]) -> Sequence[Mapping[str, Value]]:
    """List the values of all arms, without noise first.

    In a worker, with the user's backend: this process may run on NumPy.

    Raises:
        InputError: If the user's function can't be imported or fails.
    """
    from keras_regnoise.studies.engine.cluster import Workers, open_pool

    with (
        tempfile.TemporaryDirectory() as logs,
        open_pool(Workers(), Path(logs)) as pool,
    ):
        arms, reason = pool.run(_arms, specification)
    if reason:
        raise InputError(f"{specification['build']}: {reason}")
    return list(arms)


def _arms(specification: Mapping[str, Any]) -> tuple[Sequence[Any], str]:
    try:
        return tuning.enumerate_space(hypermodel(specification)), ""
    except InputError as error:
        return (), str(error)
    except (Exception, SystemExit) as error:
        return (), clean_text(reason_of(error))
