"""What a study is: data, from which plan, search and report follow."""

import fnmatch
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from keras_regnoise._arguments import as_number
from keras_regnoise._warn import warn
from keras_regnoise.studies import _checks
from keras_regnoise.studies._claims import Claim as Claim
from keras_regnoise.studies._claims import Gate as Gate
from keras_regnoise.studies._metric_words import by_words
from keras_regnoise.studies._parts import Arm as Arm
from keras_regnoise.studies._parts import Cell as Cell
from keras_regnoise.studies._parts import Profile as Profile
from keras_regnoise.studies._parts import Published as Published
from keras_regnoise.studies._parts import Recipe as Recipe
from keras_regnoise.studies._parts import Value as Value
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.user_code import is_function, load_function

SCALES = ("smoke", "short", "paper")


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
        objective: Metric by which the search ranks cells; not of the test split.
        direction: Whether more of the two is better, `"max"`, or less, `"min"`; empty
            where neither is.
        published: The paper's numbers.
        tables: The paper's tables that `describe` prints, by their names in
            `keras_regnoise.studies.papers.published`.
        deviations: Where the protocol is not the paper's, a sentence each.
        x: Value of the arms on the figure's horizontal axis; none for a plain list.
        series: Value of the arms that names a line of the figure.
        profile: How the arms compare over many groups, if that is the question.
        claims: What the study sets out to find; each gets a verdict.
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
    direction: Literal["max", "min", ""] = "max"
    published: tuple[Published, ...] = ()
    tables: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    x: str = ""
    series: str = ""
    profile: Profile | None = None
    claims: tuple[Claim, ...] = ()

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
        for name in ("tables", "deviations"):
            values[name] = tuple(content.get(name) or ())
        profile = content.get("profile")
        values["profile"] = Profile(**profile) if profile else None
        claims = content.get("claims") or ()
        values["claims"] = tuple(map(Claim.from_json, claims))
        return Description(**values)


@dataclass(frozen=True, kw_only=True)
class Study(Description):
    """An ablation: a description, a model and how it is trained.

    Attributes:
        model: A `StudyModel` class, called with a recipe and a data set; or where it
            is, as `"module:Class"`, so that the study can be read without Keras.
        recipes: By scale: `"smoke"`, `"short"` or `"paper"`.
    """

    model: Callable[..., Any] | str
    recipes: Mapping[str, Recipe]

    def __post_init__(self) -> None:
        _check_fields(self)
        _check_whole(self)

    def load_model(self) -> Callable[..., Any]:
        """Return the model, imported now if the study names it."""
        if not isinstance(self.model, str):
            return self.model
        return load_function(self.model)

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
        chosen = matching(self.arms, tuple(arms) or recipe.arms)
        return [
            Cell(arm, seed) for seed in tuple(seeds) or recipe.seeds for arm in chosen
        ]


def matching(arms: tuple[Arm, ...], patterns: tuple[str, ...]) -> list[Arm]:
    """Return the arms that match one of the patterns; all without any.

    Raises:
        InputError: If a pattern matches no arm.
    """
    for pattern in patterns:
        if not any(matches(arm, pattern) for arm in arms):
            raise InputError.unknown("No arm matches", pattern, map(str, arms))
    return [
        arm
        for arm in arms
        if not patterns or any(matches(arm, pattern) for pattern in patterns)
    ]


def matches(arm: Arm, pattern: str) -> bool:
    """Tell whether a pattern is of an arm: of its name, with group or not, or group."""
    return any(fnmatch.fnmatchcase(n, pattern) for n in (arm.name, str(arm), arm.group))


def _check_fields(study: Study) -> None:
    _checks.text("Study", "name", study.name, filled=True)
    owner = f"Study {study.name!r}"
    for name in ("title", "data", "baseline", "metric", "objective"):
        _checks.text(owner, name, getattr(study, name), filled=True)
    for name in ("paper", "table", "x", "series"):
        _checks.text(owner, name, getattr(study, name))
    if study.direction not in ("max", "min", ""):
        expected = '"max", "min" or "" where neither is better'
        _checks.refuse(owner, "direction", expected, study.direction)
    for name in (study.metric, study.objective):
        better = by_words(name)
        if study.direction and better not in (None, study.direction):
            warn(
                f"{owner} takes the {study.direction} of {name} for the best. If less "
                f'or more of it is better, say so: direction="{better}"',
            )
    if not isinstance(study.profile, Profile | None):
        _checks.refuse(owner, "profile", "a Profile or None", study.profile)
    named = isinstance(study.model, str) and is_function(study.model)
    if not named and not callable(study.model):
        expected = 'a StudyModel class, or its place as "module:Class"'
        _checks.refuse(owner, "model", expected, study.model)
    if not isinstance(study.recipes, Mapping):
        _checks.refuse(
            owner, "recipes", 'a dict, such as {"smoke": Recipe(...)}', study.recipes
        )
    _checks.instances(owner, "recipes", study.recipes.values(), Recipe)
    found = {
        "arms": _checks.instances(owner, "arms", study.arms, Arm),
        "published": _checks.instances(owner, "published", study.published, Published),
        "tables": _checks.texts(owner, "tables", study.tables),
        "deviations": _checks.texts(owner, "deviations", study.deviations, lines=True),
        "claims": _checks.instances(owner, "claims", study.claims, Claim),
    }
    for name, value in found.items():
        object.__setattr__(study, name, value)


def _check_whole(study: Study) -> None:
    names = Counter(str(arm) for arm in study.arms)
    arms = {(arm.name, arm.group) for arm in study.arms}
    groups = dict.fromkeys(arm.group for arm in study.arms)
    within = set(asdict(study.profile).values()) if study.profile else set()
    for problem, found in (
        ("has no arms", [] if names else [""]),
        ("has arms of the same name", sorted(n for n in names if names[n] > 1)),
        (
            f"has no arm {study.baseline!r}, its baseline, in",
            [group for group in groups if (study.baseline, group) not in arms],
        ),
        (
            "has arms without a value of its profile:",
            [str(arm) for arm in study.arms if within - set(arm.values)][:3],
        ),
        (
            f"has recipes for other scales than {', '.join(SCALES)}:",
            [scale for scale in study.recipes if scale not in SCALES],
        ),
        ("has no recipe", [] if study.recipes else [""]),
        (
            "has recipes by group for groups that it does not have:",
            sorted({g for r in study.recipes.values() for g in r.by_group} - {*groups}),
        ),
        (
            "publishes numbers of arms that it does not have:",
            [
                f"{number.group}: {number.arm}"
                for number in study.published
                if (number.arm, number.group) not in arms
            ],
        ),
        (
            "makes claims about arms that it does not have:",
            [
                pattern
                for claim in study.claims
                for pattern in claim.patterns
                if not any(matches(arm, pattern) for arm in study.arms)
            ],
        ),
        (
            "makes claims about accuracy without a gate, which tells whether there is "
            "anything to regularize, such as gate=Gate(baseline=..., regularizer=...):",
            [
                claim.text
                for claim in study.claims
                if (claim.metric or study.metric).endswith("accuracy")
                if claim.gate is None
            ],
        ),
        (
            "makes claims about a value that arms do not have as a number, for a slope "
            "above 0:",
            [
                f"{claim.x} of {arm}"
                for claim in study.claims
                for arm in study.arms
                if claim.statistic in ("plateau", "slope")
                if any(matches(arm, pattern) for pattern in claim.arms)
                if not _is_place(arm.values.get(claim.x), claim)
            ],
        ),
    ):
        if found:
            raise ValueError(
                f"Study {study.name!r} {problem} {', '.join(map(repr, found))}"
            )


def _is_place(value: Any, claim: Claim) -> bool:
    place = as_number(value)
    return place is not None and (place > 0 or claim.statistic == "plateau")
