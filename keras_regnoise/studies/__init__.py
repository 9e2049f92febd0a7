"""Studies: searches over noise that end in a table and a figure."""

import importlib
from typing import TYPE_CHECKING

from keras_regnoise.studies.run import Run as Run
from keras_regnoise.studies.study import Arm as Arm
from keras_regnoise.studies.study import Cell as Cell
from keras_regnoise.studies.study import Claim as Claim
from keras_regnoise.studies.study import Description as Description
from keras_regnoise.studies.study import Gate as Gate
from keras_regnoise.studies.study import Profile as Profile
from keras_regnoise.studies.study import Published as Published
from keras_regnoise.studies.study import Recipe as Recipe
from keras_regnoise.studies.study import Study as Study

if TYPE_CHECKING:
    from keras_regnoise.studies import report as report
    from keras_regnoise.studies.model import Fit as Fit
    from keras_regnoise.studies.model import StudyModel as StudyModel

__all__ = [
    "Arm",
    "Cell",
    "Claim",
    "Description",
    "Fit",
    "Gate",
    "Profile",
    "Published",
    "Recipe",
    "Run",
    "Study",
    "StudyModel",
    "report",
]


# `StudyModel` needs keras-tuner, which reading a folder does not.
_LAZY = {"Fit": "model", "StudyModel": "model"}


def __getattr__(name: str) -> object:
    if name == "report":
        return importlib.import_module(f"{__name__}.report")
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
