"""A study of a user's own model, made on the command line."""

import importlib
import importlib.util
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_regnoise import tuning
from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.study import Arm, Recipe, Study, Value

_NONE = "none"


def load_function(specification: str) -> Callable[..., Any]:
    """Import `"module:function"` or `"file.py:function"`.

    Raises:
        InputError: If there is none.
    """
    place, _, name = specification.rpartition(":")
    if not place or not name.isidentifier():
        raise InputError(
            f"Expected module:function or file.py:function. Received: {specification!r}"
        )
    try:
        module = _module(place)
    except (ImportError, FileNotFoundError) as error:
        raise InputError(f"Can't import {place}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [n for n, v in vars(module).items() if inspect.isfunction(v)]
        raise InputError(
            f"{place} has no function {name!r}. It has: {', '.join(known) or 'none'}"
        )
    return function  # type: ignore[no-any-return]


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        return importlib.import_module(place)
    file = Path(place)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))  # what lies beside it can be imported
    return importlib.import_module(file.stem)


def absolute(specification: str) -> str:
    """Make the path of a file absolute, for processes that start elsewhere."""
    place, _, name = specification.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else specification


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
