"""What a study sets out to find, written down before it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from keras_regnoise.studies import _checks

Statistic = Literal["mean", "plateau", "slope", "problems"]
_STATISTICS = ("mean", "plateau", "slope", "problems")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a setting must show before it may judge regularizers.

    A regularizer can help only where a network overfits, and a setting in which not
    even Dropout helps can't tell what does.

    Attributes:
        baseline: Pattern of the arm without a regularizer.
        regularizer: Pattern of the arms of a regularizer that is known to help, such
            as `"MLP: Dropout *"`; of several, the best on the validation split counts.
            Empty where the claim is not about a regularizer alone.
        fitted: What the baseline must reach on its training part; over several
            problems, in the mean.
        metric: The metric in which it must.
    """

    baseline: str
    regularizer: str = ""
    fitted: float = 0.99
    metric: str = "train_accuracy"

    def __post_init__(self) -> None:
        for name in ("baseline", "regularizer", "metric"):
            filled = name != "regularizer"
            _checks.text("Gate", name, getattr(self, name), filled=filled)
        _checks.number("Gate", "fitted", self.fitted)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence that the numbers of a run may confirm or refute.

    Attributes:
        text: The sentence.
        arms: Patterns of the arms of its two sides, as in `Recipe.arms`. Where several
            match, as the rates of a method do, the best on the validation split counts.
        metric: What is compared; the study's headline by default.
        sign: Sign of the first side minus the second that the sentence says: 1 or -1,
            or 0 if it says that there is no difference that matters.
        published: The paper's difference, if it prints one; over problems that of the
            same problems, from the study's published numbers, is taken by itself.
        margin: The smallest difference that matters, in the metric's own unit.
        gate: What the setting must show first; None where the claim is not about a
            regularizer's effect.
        statistic: `"mean"`: the difference of the means, in pairs of equal seeds.
            `"plateau"`: that of the widths of the range of rates at which a method is
            within `within` of its best. `"slope"`: that of the slopes of the metric
            by the logarithm of `x` to the base 2, of arms in any groups. `"problems"`:
            that of the means over the problems of the study's profile.
        x: For a plateau or a slope, the value of the arms along which it is measured.
        within: For a plateau, how much worse than its best a method may be.
    """

    text: str
    arms: tuple[str, str]
    metric: str = ""
    sign: int = 1
    published: float | None = None
    margin: float = 0.01
    gate: Gate | None = None
    statistic: Statistic = "mean"
    x: str = ""
    within: float = 0.02

    def __post_init__(self) -> None:
        _checks.text("Claim", "text", self.text, filled=True)
        owner = f"Claim {self.text!r}"
        sides = _checks.texts(owner, "arms", self.arms)
        if len(sides) != 2:
            expected = 'two patterns, such as ("RotationOut *", "Dropout *")'
            _checks.refuse(owner, "arms", expected, self.arms)
        object.__setattr__(self, "arms", sides)
        _checks.text(owner, "metric", self.metric)
        _checks.text(owner, "x", self.x, filled=self.statistic in ("plateau", "slope"))
        if self.sign not in (1, 0, -1):
            _checks.refuse(owner, "sign", "1, 0 or -1", self.sign)
        if self.statistic not in _STATISTICS:
            expected = f"one of {', '.join(_STATISTICS)}"
            _checks.refuse(owner, "statistic", expected, self.statistic)
        if self.published is not None:
            _checks.number(owner, "published", self.published)
        for name in ("margin", "within"):
            if not _checks.number(owner, name, getattr(self, name), 0.0):
                _checks.refuse(owner, name, "more than 0", getattr(self, name))
        if not isinstance(self.gate, Gate | None):
            _checks.refuse(owner, "gate", "a Gate or None", self.gate)

    @property
    def least(self) -> float:
        """What a difference must surely exceed to be one: the margin with `sign=0`."""
        return 0.0 if self.sign else self.margin

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of all arms that it is about."""
        gate = (self.gate.baseline, self.gate.regularizer) if self.gate else ()
        return *self.arms, *filter(None, gate)

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Claim":
        """Return what `dataclasses.asdict` made of a claim."""
        gate = content.get("gate")
        values = {**content, "arms": tuple(content["arms"])}
        return Claim(**values | {"gate": Gate(**gate) if gate else None})
