"""The parts of a study: arms, cells, recipes, and the paper's numbers."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from keras_regnoise.studies import _checks

Value = str | int | float | bool
_BY_GROUP = frozenset({"epochs", "batch_size", "learning_rate"})


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

    def __post_init__(self) -> None:
        owner = "Arm"
        for name in ("name", "group", "data"):
            _checks.text(owner, name, getattr(self, name), filled=name == "name")
            owner = f"Arm {self.name!r}"
        object.__setattr__(self, "values", _checks.values(owner, self.values))

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
        validation_freq: Epochs between evaluations of the validation split.
        test_freq: Epochs between evaluations of the test split, for a curve; 0 for
            one evaluation, after the last epoch.
        deviations: Where this recipe is not the paper's, a sentence each.
        redraw: Whether every seed has training and validation examples of its own,
            drawn from the two splits; the test split is the same for all.
        wrong_labels: Share of the training examples that get a wrong label, anew for
            every seed.
        options: Whatever else the study's model reads, such as a depth.
        by_group: What is other for a group of arms, by the name of the group: `epochs`,
            `batch_size` or `learning_rate`, such as `{"DenseNet": {"epochs": 300}}`.
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
    redraw: bool = False
    wrong_labels: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    by_group: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found: dict[str, Any] = {
            "seeds": _checks.seeds("Recipe", self.seeds),
            "learning_rate": _checks.number(
                "Recipe", "learning_rate", self.learning_rate, 0.0
            ),
        }
        for name in ("epochs", "batch_size", "validation_freq", "test_freq"):
            minimum = 0 if name == "test_freq" else 1
            found[name] = _checks.whole("Recipe", name, getattr(self, name), minimum)
        for name in ("examples", "test_examples", "validation_examples"):
            if getattr(self, name) is not None:
                found[name] = _checks.whole("Recipe", name, getattr(self, name), 1)
        for name in ("arms", "augmentation", "deviations"):
            lines = name == "deviations"
            value = getattr(self, name)
            found[name] = _checks.texts("Recipe", name, value, lines=lines)
        share = _checks.number("Recipe", "wrong_labels", self.wrong_labels, 0.0)
        if share > 1.0 or (share and not self.redraw):
            expected = "a share in [0, 1], and 0 without `redraw`"
            _checks.refuse("Recipe", "wrong_labels", expected, self.wrong_labels)
        found["wrong_labels"] = share
        if not isinstance(self.options, Mapping):
            _checks.refuse("Recipe", "options", "a dict", self.options)
        for name, value in found.items():
            object.__setattr__(self, name, value)
        _check_groups(self)

    def of(self, group: str) -> "Recipe":
        """Return the recipe of a group of arms.

        Example:
            >>> dense = {"DenseNet": {"epochs": 300}}
            >>> recipe = Recipe(epochs=200, batch_size=64, seeds=(0,), by_group=dense)
            >>> recipe.of("DenseNet").epochs, recipe.of("ResNet").epochs
            (300, 200)
        """
        other: dict[str, Any] = dict(self.by_group.get(group, {}))
        return replace(self, by_group={}, **other)


def _check_groups(recipe: Recipe) -> None:
    """Raise if `by_group` is not as `Recipe` says."""
    given = recipe.by_group
    is_nested = isinstance(given, Mapping) and all(
        isinstance(group, str) and isinstance(other, Mapping)
        for group, other in given.items()
    )
    if not is_nested or any(set(other) - _BY_GROUP for other in given.values()):
        expected = f"a dict of dicts with {', '.join(sorted(_BY_GROUP))}"
        _checks.refuse("Recipe", "by_group", expected, given)
    for group in given:
        recipe.of(group)


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

    def __post_init__(self) -> None:
        for name in ("arm", "group", "metric", "of"):
            _checks.text("Published", name, getattr(self, name))
        _checks.number("Published", "value", self.value)
        if self.spread is not None:
            _checks.number("Published", "spread", self.spread, 0.0)
        if self.n is not None:
            _checks.whole("Published", "n", self.n, 1)


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
