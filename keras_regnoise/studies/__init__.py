"""Studies: searches over noise that end in a table and a figure."""

from typing import TYPE_CHECKING

from keras_regnoise.studies.study import Arm as Arm
from keras_regnoise.studies.study import Cell as Cell
from keras_regnoise.studies.study import Description as Description
from keras_regnoise.studies.study import Published as Published
from keras_regnoise.studies.study import Recipe as Recipe
from keras_regnoise.studies.study import Study as Study

if TYPE_CHECKING:
    from keras_regnoise.studies.model import Fit as Fit
    from keras_regnoise.studies.model import StudyModel as StudyModel

__all__ = [
    "Arm",
    "Cell",
    "Description",
    "Fit",
    "Published",
    "Recipe",
    "Study",
    "StudyModel",
]


def __getattr__(name: str) -> object:
    # They need keras-tuner, which reading a folder does not.
    if name in ("Fit", "StudyModel"):
        from keras_regnoise.studies import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
