"""A study of a user's own model, made on the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from keras_regnoise.studies.direction import Direction, direction_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.study import Arm, Recipe, Study, Value

_NONE = "none"
_MODEL = "keras_regnoise.studies.tune_model:TuneModel"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What is tuned, and how.

    Attributes:
        build: `"module:function"` or `"file.py:function"` of the model.
        data: The same of the data, or the name of a data set.
        layers: Kinds of noise.
        rates: Their rates.
        placements: Where they stand.
        epochs: Passes over the training data.
        batch_size: Examples of a batch, in training and in evaluation.
        seeds: Seeds of every arm.
        objective: Metric by which the arms are compared.
        direction: Whether more of it is better; None where its name tells.
        arms: Values of every arm, the one without noise first; see
            `engine.tune.prepared`.
    """

    build: str
    data: str
    layers: tuple[str, ...]
    rates: tuple[float, ...]
    placements: tuple[str, ...]
    epochs: int
    batch_size: int
    seeds: tuple[int, ...]
    objective: str = "val_accuracy"
    direction: Direction | None = None
    arms: tuple[Mapping[str, Value], ...] = ()

    @property
    def source(self) -> dict[str, Any]:
        """How another process finds the study; see `registry.resolve`."""
        return {"tune": asdict(self)}

    def study(self) -> Study:
        """Return the study of the arms."""
        values = [dict(arm) for arm in self.arms]
        arms = tuple(Arm(_name(arm, values[0]), arm) for arm in values)
        direction = self.direction or direction_of(self.objective)
        if direction is None:
            raise InputError(
                f"Whether more or less of {self.objective!r} is better is not known. "
                "Say so with --direction max or --direction min."
            )
        recipe = Recipe(
            epochs=self.epochs,
            batch_size=self.batch_size,
            seeds=self.seeds,
            options=asdict(replace(self, arms=())),
        )
        return Study(
            name="tune",
            title=f"Which noise, where and how strong, for {self.build}",
            model=_MODEL,
            data=self.data,
            arms=arms,
            baseline=arms[0].name,
            recipes={"short": recipe},
            metric=self.objective,
            objective=self.objective,
            direction=direction,
            deviations=(
                "The arms are compared on the validation split, by which the best one "
                "is chosen: its own figure is optimistic.",
            ),
        )


def tuning_study(**fields: Any) -> Study:
    """Return the study of a manifest's `source`."""
    for name in ("layers", "rates", "placements", "seeds", "arms"):
        fields[name] = tuple(fields[name])
    return Tuning(**fields).study()


def _name(values: Mapping[str, Value], first: Mapping[str, Value]) -> str:
    """Name an arm by what distinguishes it; the first is the one without noise."""
    if values == first:
        return _NONE
    known = ("noise", "noise_rate", "noise_placement")
    words = [str(values[key]) for key in known if key in values]
    words += [f"{key}={value}" for key, value in values.items() if key not in known]
    return " ".join(words)
