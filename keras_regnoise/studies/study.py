"""What a study is: data, from which plan, search and report follow."""

import fnmatch
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from keras_regnoise.studies.input_error import InputError

Value = str | int | float | bool
SCALES = ("smoke", "short", "paper")


@dataclass(frozen=True)
class Arm:
    """One line of the table: what is compared.

    Attributes:
        name: Name in tables and figures, unique within the group.
        values: What `hp.get(name)` gives in the model's `build`.
        group: Panel of the table: a network, a data set. Arms are compared with the
            baseline of their own group.
        data: Name of a data set other than the study's.
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    group: str = ""
    data: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}" if self.group else self.name


@dataclass(frozen=True)
class Cell:
    """One training: an arm with a seed.

    Attributes:
        arm: The arm.
        seed: Seed of the weights, the order of the data and the noise.
    """

    arm: Arm
    seed: int

    @property
    def id(self) -> str:
        """Name of the cell's file and of its keras-tuner trial; the same every time."""
        content = json.dumps([asdict(self.arm), self.seed], sort_keys=True)
        digest = hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
        words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.arm}").strip("-")[:60]
        return f"{words}-seed{self.seed}-{digest}"

    def __str__(self) -> str:
        return f"{self.arm}, seed {self.seed}"


@dataclass(frozen=True)
class Recipe:
    """How a cell is trained at one scale.

    Attributes:
        epochs: Passes over the training data.
        batch_size: Examples of a batch.
        seeds: Seeds of every arm.
        learning_rate: Initial learning rate.
        examples: Training examples, stratified by class; None for all.
        test_examples: Test examples; None for all.
        validation_examples: Validation examples; None for all.
        arms: Patterns of the arms (`"Dropout*"`); all without any.
        augmentation: Names of `keras_regnoise.datasets.AUGMENTATIONS`.
        validation_freq: Epochs from one look at the validation part to the next.
        test_freq: Epochs from one look at the test part to the next, for a curve; 0
            looks once, after the last epoch.
        deviations: Where this recipe is not the paper's, a sentence each.
        options: Whatever else the study's model reads, such as a depth.
    """

    epochs: int
    batch_size: int
    seeds: tuple[int, ...]
    learning_rate: float = 1e-3
    examples: int | None = None
    test_examples: int | None = None
    validation_examples: int | None = None
    arms: tuple[str, ...] = ()
    augmentation: tuple[str, ...] = ()
    validation_freq: int = 1
    test_freq: int = 0
    deviations: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """A number of the paper.

    Attributes:
        arm: Name of the arm.
        value: In the metric's own unit: an accuracy of 95 % is 0.95.
        group: Group of the arm.
        metric: What the paper reports; `"best_test_accuracy"` is the best epoch.
        spread: Standard deviation over the runs, if reported.
        n: Number of runs, if reported.
        of: What it was measured on, where that is not what the group trains.
    """

    arm: str
    value: float
    group: str = ""
    metric: str = "test_accuracy"
    spread: float | None = None
    n: int | None = None
    of: str = ""


@dataclass(frozen=True)
class Profile:
    """How options compare over many problems, such as normalizations over data sets.

    The report then counts wins and draws a Dolan-Moré profile, in place of a panel for
    every group.

    Attributes:
        problem: Value of the arms that names the problem.
        within: Value of the arms within which wins are counted, such as an activation.
        option: Value of the arms that wins or loses, such as a normalization. What
            else the arms differ in, such as a depth, is chosen by the objective.
    """

    problem: str
    within: str
    option: str


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a study says of itself: all but how it is trained.

    Attributes:
        name: Name on the command line.
        title: What it finds out, in one line.
        data: Name of the data set, see `keras_regnoise.datasets.load`.
        arms: All arms.
        baseline: Name of the arm to which the others of its group are compared.
        paper: Title and year of the paper, if there is one.
        table: Its table or figure.
        metric: Headline metric of the last epoch, from `StudyModel.fit`.
        objective: Metric by which the search ranks cells; not of the test part.
        direction: Whether more of the two is better, `"max"`, or less.
        published: The paper's numbers.
        deviations: Where the protocol is not the paper's, a sentence each.
        x: Value of the arms on the figure's horizontal axis; none for a plain list.
        series: Value of the arms that names a line of the figure.
        profile: How the arms compare over many groups, if that is the question.
    """

    name: str
    title: str
    data: str
    arms: tuple[Arm, ...]
    baseline: str
    paper: str = ""
    table: str = ""
    metric: str = "test_accuracy"
    objective: str = "val_accuracy"
    direction: Literal["max", "min"] = "max"
    published: tuple[Published, ...] = ()
    deviations: tuple[str, ...] = ()
    x: str = ""
    series: str = ""
    profile: Profile | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        names = [part.name for part in fields(Description)]
        alone = Description(**{name: getattr(self, name) for name in names})
        return dict(json.loads(json.dumps(asdict(alone))))

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Description":
        """Return what `as_json` was made of; names it does not know are left out."""
        known = {part.name for part in fields(Description)}
        values = {name: content[name] for name in content if name in known}
        values["arms"] = tuple(Arm(**arm) for arm in content["arms"])
        published = content.get("published") or ()
        values["published"] = tuple(Published(**number) for number in published)
        values["deviations"] = tuple(content.get("deviations") or ())
        profile = content.get("profile")
        values["profile"] = Profile(**profile) if profile else None
        return Description(**values)


@dataclass(frozen=True, kw_only=True)
class Study(Description):
    """An ablation: a description, a model and how it is trained.

    Attributes:
        model: A `StudyModel` class, called with a recipe and the data's description.
        recipes: By scale: `"smoke"`, `"short"` or `"paper"`.
    """

    model: Callable[..., Any]
    recipes: Mapping[str, Recipe]

    def __post_init__(self) -> None:
        _check(self)

    def recipe(self, scale: str) -> Recipe:
        """Return the recipe of a scale, or raise `InputError`."""
        if scale not in self.recipes:
            what = f"Study {self.name} has no scale"
            raise InputError.unknown(what, scale, self.recipes)
        return self.recipes[scale]

    def cells(
        self,
        scale: str,
        arms: Iterable[str] = (),
        seeds: Iterable[int] = (),
    ) -> list[Cell]:
        """Enumerate the grid, seed by seed, so that half a run compares all arms.

        Args:
            scale: Name of a recipe.
            arms: Patterns of arms, `fnmatch` style; the recipe's own without any.
            seeds: Seeds; the recipe's own without any.

        Raises:
            InputError: If there is no such scale, or a pattern matches no arm.
        """
        recipe = self.recipe(scale)
        chosen = _matching(self.arms, tuple(arms) or recipe.arms)
        return [
            Cell(arm, seed) for seed in tuple(seeds) or recipe.seeds for arm in chosen
        ]


def _matching(arms: tuple[Arm, ...], patterns: tuple[str, ...]) -> list[Arm]:
    for pattern in patterns:
        if not any(_matches(arm, pattern) for arm in arms):
            raise InputError.unknown("No arm matches", pattern, map(str, arms))
    return [
        arm
        for arm in arms
        if not patterns or any(_matches(arm, pattern) for pattern in patterns)
    ]


def _matches(arm: Arm, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(n, pattern) for n in (arm.name, str(arm), arm.group))


def _without_profile(study: Study) -> list[str]:
    names = set(asdict(study.profile).values()) if study.profile else set()
    return [str(arm) for arm in study.arms if names - set(arm.values)][:3]


def _check(study: Study) -> None:
    names = [str(arm) for arm in study.arms]
    repeated = sorted({name for name in names if names.count(name) > 1})
    without = [
        group
        for group in dict.fromkeys(arm.group for arm in study.arms)
        if not any(a.name == study.baseline for a in study.arms if a.group == group)
    ]
    unknown = [scale for scale in study.recipes if scale not in SCALES]
    orphans = [
        f"{number.group}: {number.arm}"
        for number in study.published
        if not any((a.name, a.group) == (number.arm, number.group) for a in study.arms)
    ]
    for problem, found in (
        ("has no arms", [] if names else [""]),
        ("has arms of the same name", repeated),
        (f"has no arm {study.baseline!r}, its baseline, in", without),
        ("has arms without a value of its profile:", _without_profile(study)),
        (f"has recipes for other scales than {', '.join(SCALES)}:", unknown),
        ("has no recipe", [] if study.recipes else [""]),
        ("publishes numbers of arms that it does not have:", orphans),
    ):
        if found:
            raise ValueError(
                f"Study {study.name!r} {problem} {', '.join(map(repr, found))}"
            )
