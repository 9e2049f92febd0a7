"""A study of a user's own model, made on the command line."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from keras_regnoise._race.rules import Rules
from keras_regnoise._race.words import NONE
from keras_regnoise.studies.direction import Direction, direction_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.race import rules_of
from keras_regnoise.studies.study import Arm, Recipe, Study, Value
from keras_regnoise.studies.user_code import names_file

# What the training of a cell depends on.
_OPTIONS = (
    *("build", "data", "layers", "rates", "placements", "folds", "target", "digest"),
)
_MODEL = "keras_regnoise.studies.tune_model:TuneModel"
_PER_ARM = 10


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
        seeds: Seeds of the first round of the race; without a race, of every arm.
        objective: Metric by which the arms are compared.
        direction: Whether more of it is better; None where its name tells.
        race: Whether arms that are behind get no more seeds.
        trainings: The budget in trainings, or None.
        budget_s: The budget in seconds of training, or None.
        measure: Fresh seeds that the winner is measured with.
        folds: Parts of the training data of which each seed validates on another; 0
            for the validation part.
        target: Column of the targets, of a CSV file.
        digest: Of the files that model and data are from, if they are from any.
        arms: Values of every arm by its name, the one without noise first; see
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
    race: bool = True
    trainings: int | None = None
    budget_s: float | None = None
    measure: int = 12
    folds: int = 0
    target: str = ""
    digest: str = ""
    arms: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """Return the rules of the race."""
        return rules_of(asdict(self), len(self.seeds))

    def with_budget(self, workers: int = 1) -> "Tuning":
        """Return the same with its default budget, if there is enough for a race.

        Args:
            workers: How many train at a time.

        Raises:
            InputError: If the budget is too small.
        """
        if not self.race:
            return replace(self, trainings=None, budget_s=None)
        if self.budget_s is not None:
            return replace(self, budget_s=self.budget_s * workers)
        count = len(self.arms)
        least = count * len(self.seeds) + 2 * self.measure
        trainings = self.trainings or max(least, _PER_ARM * count)
        if trainings < least:
            raise InputError(
                f"{trainings} trainings are too few: the first round of {count} arms "
                f"with {len(self.seeds)} seeds and the measurement of the winner take "
                f"{least}. Allow more trainings, or ask for fewer seeds of the first "
                "round or of the measurement, kinds of noise, rates or placements."
            )
        return replace(self, trainings=trainings)

    @property
    def source(self) -> dict[str, Any]:
        """How another process finds the study; see `registry.resolve`."""
        return {"tune": asdict(self)}

    def study(self) -> Study:
        """Return the study of the arms."""
        arms = tuple(Arm(name, values) for name, values in self.arms.items())
        direction = self.direction or direction_of(self.objective)
        if direction is None:
            raise InputError(
                f"Whether more or less of {self.objective!r} is better is not known. "
                "Say so with --direction max or --direction min."
            )
        if not self.objective.startswith("val_"):
            raise InputError(
                "The objective is what is chosen by, a number of the validation part; "
                "the winner is measured by the same of the test part. Its name begins "
                f'with "val_", such as "val_accuracy". Received: {self.objective!r}'
            )
        recipe = Recipe(
            epochs=self.epochs,
            batch_size=self.batch_size,
            seeds=self.seeds,
            options={name: getattr(self, name) for name in _OPTIONS},
        )
        return Study(
            name="tune",
            title=f"Which noise, where and how strong, for {Path(self.build).name}",
            model=_MODEL,
            data=self.data,
            arms=arms,
            baseline=arms[0].name if arms else NONE,
            recipes={"short": recipe},
            metric=self.objective,
            objective=self.objective,
            direction=direction,
            deviations=(
                "The arms are compared on the validation part, by which the best one "
                "is chosen: its figure in the table is optimistic. That of the first "
                "sentence is of the test part, and of seeds that took no part in the "
                "choice.",
            ),
        )


def digest_of(*places: str) -> str:
    """Return what tells the content of those that are files; `""` if none is."""
    files = [place for place in places if names_file(place)]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(Path(file).read_bytes())
    return digest.hexdigest() if files else ""


def tuning_study(**fields: Any) -> Study:
    """Return the study of a manifest's `source`."""
    return tuning_of(fields).study()


def tuning_of(source: Mapping[str, Any]) -> Tuning:
    """Return the tuning of a manifest's `source`, also of one without a race."""
    fields = dict(source)
    for name in ("layers", "rates", "placements", "seeds"):
        fields[name] = tuple(fields[name])
    if not isinstance(fields["arms"], Mapping):  # as it was before there were names
        fields["arms"] = {_former_name(arm): arm for arm in fields["arms"]}
        fields["race"] = False
    return Tuning(**fields)


def _former_name(values: Mapping[str, Value]) -> str:
    known = ("noise", "noise_rate", "noise_placement")
    words = [str(values[key]) for key in known if key in values]
    words += [f"{key}={value}" for key, value in values.items() if key not in known]
    return " ".join(words)
