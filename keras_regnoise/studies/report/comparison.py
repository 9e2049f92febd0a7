"""Two runs of a study, arm by arm."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from keras_regnoise.studies.direction import Direction, direction_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.report import verdict
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.resolution import step
from keras_regnoise.studies.report.summary import ArmSummary, summarize
from keras_regnoise.studies.run import ArmKey, Run, arm_name
from keras_regnoise.studies.study import Value

_Key = tuple[str, str, str]
_ASKED_FOR = ("seeds", "arms", "deviations")
_NAMED = (verdict.WORSE, verdict.BETTER, verdict.ONLY_A, verdict.ONLY_B)
_CODE = "code of "


@dataclass(frozen=True, kw_only=True)
class ArmComparison:
    """One arm in two runs, A and B.

    Attributes:
        group: Panel of the table.
        arm: Name of the arm.
        values: The arm's values.
        metric: Name of the metric.
        a: Over the seeds of A.
        b: Over the seeds of B.
        difference: B minus A in pairs of equal seeds, None without a pair.
        verdict: In words, see `compare`.
        significantly_worse: Whether B is worse, by an interval without 0.
        differs: What else differs between the two, such as the backend.
    """

    group: str
    arm: str
    values: Mapping[str, Value]
    metric: str
    a: Interval
    b: Interval
    difference: Interval | None
    verdict: str
    significantly_worse: bool
    differs: tuple[str, ...]


def compare(
    a: Run, b: Run, metric: str | None = None, direction: Direction | None = None
) -> list[ArmComparison]:
    """Compare two runs arm by arm: B minus A, in pairs of equal seeds.

    Arms match by group, name and values. The verdict, in this order:

    - `"only in A"`, `"only in B"`: the other has no such arm.
    - `"too few pairs"`: fewer than 3 seeds finished in both.
    - `"equal"`: no pair differs at all.
    - `"not distinguishable"`: the 95 % interval (Student's t) includes 0.
    - `"significantly worse"`, `"significantly better"`. One in 20 arms is one or the
      other by chance.

    Args:
        a: The one run.
        b: The other.
        metric: Name of a metric; the headline of A by default.
        direction: Whether more (`"max"`) or less (`"min"`) of it is better; by
            default what the study of A says of its own metric and objective, and else
            what the metric's name tells.

    Raises:
        InputError: If no arm is in both, cells are done without the metric, or
            nothing is known of its direction.
    """
    a, b = readable(a), readable(b)
    metric = metric or a.description.metric
    arms_a = {_key(arm): arm for arm in summarize(a, metric)}
    arms_b = {_key(arm): arm for arm in summarize(b, metric)}
    if not arms_a.keys() & arms_b.keys():
        raise InputError(
            f"Nothing to compare: {a.study} and {b.study} have no arm in common. "
            "Arms match if group, name and values are equal; compare two runs of "
            "one study."
        )
    direction = direction or direction_of(metric, a.description)
    if direction is None:
        raise InputError(
            f"Nothing is known of the metric {metric!r}: say whether more or less of "
            "it is better, with direction='max' or 'min' (--direction max or min)."
        )
    return [
        _comparison(a, b, arms_a.get(key), arms_b.get(key), direction)
        for key in dict.fromkeys([*arms_a, *arms_b])
    ]


def outcome(lines: Sequence[ArmComparison]) -> str:
    """Say what `compare` found, in a sentence."""
    arms: dict[str, list[str]] = {}
    for line in lines:
        arms.setdefault(line.verdict, []).append(arm_name((line.group, line.arm)))
    parts = [
        f"{len(names)} {words}" + (f" ({', '.join(names)})" if words in _NAMED else "")
        for words, names in arms.items()
    ]
    return f"Of {len(lines)} arms, B against A: {', '.join(parts)}."


def _key(arm: ArmSummary) -> _Key:
    return arm.group, arm.arm, json.dumps(dict(arm.values), sort_keys=True)


def _comparison(
    a: Run,
    b: Run,
    arm_a: ArmSummary | None,
    arm_b: ArmSummary | None,
    direction: Direction,
) -> ArmComparison:
    arm = arm_a or arm_b
    assert arm is not None
    seeds_a, seeds_b = (arm.seeds if arm else {} for arm in (arm_a, arm_b))
    pairs = [seeds_b[seed] - seeds_a[seed] for seed in seeds_b if seed in seeds_a]
    key = arm.group, arm.arm
    least = max(step(run, arm.metric, [key]) for run in (a, b))
    difference = Interval.of_pairs(pairs, least) if pairs else None
    differs: tuple[str, ...] = ()
    if arm_a is None or arm_b is None:
        words = verdict.ONLY_A if arm_a else verdict.ONLY_B
    else:
        words = verdict.of_pairs(difference, direction, is_equal=not any(pairs))
        differs = _differs(a, b, key)
    return ArmComparison(
        group=arm.group,
        arm=arm.arm,
        values=arm.values,
        metric=arm.metric,
        a=Interval.of(list(seeds_a.values())),
        b=Interval.of(list(seeds_b.values())),
        difference=difference,
        verdict=words,
        significantly_worse=words == verdict.WORSE,
        differs=differs,
    )


def _differs(a: Run, b: Run, key: ArmKey) -> tuple[str, ...]:
    left, right = _conditions(a, key), _conditions(b, key)
    return tuple(
        f"{name}: {left.get(name, 'none')} → {right.get(name, 'none')}"
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
        # Runs of format 1 have no fingerprint of their code.
        and ((name in left and name in right) or not name.startswith(_CODE))
    )


def _conditions(run: Run, key: ArmKey) -> dict[str, str]:
    """Collect what a number depends on besides the arm and the seed."""
    found: dict[str, dict[str, None]] = {
        "study": {run.study: None},
        "scale": {run.scale: None},
    }
    for name, value in asdict(run.recipe).items():
        if name not in _ASKED_FOR:
            found[name] = {_text(value): None}
    for record in run.of_arm(key):
        code = record.origin.code if record.origin else {}
        parts = {"": record.environment, "data ": record.data, _CODE: code}
        for prefix, part in parts.items():
            for name, value in part.items():
                found.setdefault(prefix + name, {})[_text(value)] = None
    return {name: " and ".join(values) for name, values in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
