"""Two runs of a study, arm by arm."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from keras_regnoise.studies.report._run import ArmKey, Record, Run
from keras_regnoise.studies.report.arm_comparison import ArmComparison
from keras_regnoise.studies.report.arm_summary import ArmSummary
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.summary import summarize

WORSE = "significantly worse"
BETTER = "significantly better"
UNCLEAR = "not distinguishable"
EQUAL = "equal"
TOO_FEW = "too few pairs"
ONLY_A, ONLY_B = "only in A", "only in B"
_FEWEST = 3

Key = tuple[str, str, str]


def compare(
    manifest_a: Mapping[str, Any],
    records_a: Sequence[Record],
    manifest_b: Mapping[str, Any],
    records_b: Sequence[Record],
    metric: str | None = None,
) -> list[ArmComparison]:
    """Compare two runs arm by arm: B minus A, in pairs of equal seeds.

    Arms match by group, name and values. The verdict, in this order:

    - `"only in A"`, `"only in B"`: the other has no such arm.
    - `"too few pairs"`: fewer than 3 seeds finished in both.
    - `"equal"`: no pair differs at all.
    - `"not distinguishable"`: the 95 % interval (Student's t) includes 0.
    - `"significantly worse"`, `"significantly better"`: by the direction of the
      study of A; of another metric, less of a loss or an error is better. One in 20
      arms is one or the other by chance.

    Args:
        manifest_a: Content of `study.json` of A.
        records_a: Contents of its files in `cells/`.
        manifest_b: Content of `study.json` of B.
        records_b: Contents of its files in `cells/`.
        metric: Name of a metric; the headline of A by default.

    Raises:
        ValueError: If no arm is in both, or cells are done without the metric.
    """
    metric = metric or str(manifest_a["description"]["metric"])
    a, b = Run(manifest_a, records_a), Run(manifest_b, records_b)
    arms_a = {_key(arm): arm for arm in summarize(manifest_a, records_a, metric)}
    arms_b = {_key(arm): arm for arm in summarize(manifest_b, records_b, metric)}
    if not arms_a.keys() & arms_b.keys():
        raise ValueError(
            f"Nothing to compare: {a.study} and {b.study} have no arm in common. "
            "Arms match if group, name and values are equal; compare two runs of "
            "one study"
        )
    larger_is_better = _larger_is_better(manifest_a["description"], metric)
    return [
        _comparison(a, b, arms_a.get(key), arms_b.get(key), larger_is_better)
        for key in dict.fromkeys([*arms_a, *arms_b])
    ]


def _larger_is_better(description: Mapping[str, Any], metric: str) -> bool:
    if Metric(metric).base == Metric(description["metric"]).base:
        return bool(description.get("direction", "max") == "max")
    return not metric.endswith(("loss", "error"))


def _key(arm: ArmSummary) -> Key:
    return arm.group, arm.arm, json.dumps(dict(arm.values), sort_keys=True)


def _comparison(
    a: Run,
    b: Run,
    arm_a: ArmSummary | None,
    arm_b: ArmSummary | None,
    larger_is_better: bool,
) -> ArmComparison:
    arm = arm_a or arm_b
    assert arm is not None
    seeds_a, seeds_b = (arm.seeds if arm else {} for arm in (arm_a, arm_b))
    pairs = [seeds_b[seed] - seeds_a[seed] for seed in seeds_b if seed in seeds_a]
    if arm_a is None or arm_b is None:
        words, key = ONLY_A if arm_a else ONLY_B, None
    else:
        words, key = _verdict(pairs, larger_is_better), (arm.group, arm.arm)
    return ArmComparison(
        group=arm.group,
        arm=arm.arm,
        values=arm.values,
        metric=arm.metric,
        a=Interval.of(list(seeds_a.values())),
        b=Interval.of(list(seeds_b.values())),
        difference=Interval.of(pairs) if pairs else None,
        verdict=words,
        significantly_worse=words == WORSE,
        differs=_differs(a, b, key) if key else (),
    )


def _verdict(pairs: Sequence[float], larger_is_better: bool) -> str:
    difference = Interval.of(pairs)
    if difference.count < _FEWEST:
        return TOO_FEW
    if not any(pairs):
        return EQUAL
    if not difference.excludes_zero:
        return UNCLEAR
    return BETTER if (difference.mean > 0) == larger_is_better else WORSE


def _differs(a: Run, b: Run, key: ArmKey) -> tuple[str, ...]:
    left, right = _conditions(a, key), _conditions(b, key)
    return tuple(
        f"{name}: {left.get(name, 'none')} → {right.get(name, 'none')}"
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    )


def _conditions(run: Run, key: ArmKey) -> dict[str, str]:
    """Collect what a number depends on besides the arm and the seed."""
    found: dict[str, dict[str, None]] = {
        "study": {run.study: None},
        "scale": {run.scale: None},
    }
    for name, value in run.recipe.items():
        if name not in ("seeds", "arms", "deviations"):
            found[name] = {_text(value): None}
    for record in run.of_arm(key):
        for prefix, part in (("", "environment"), ("data ", "data")):
            for name, value in (record.get(part) or {}).items():
                found.setdefault(prefix + name, {})[_text(value)] = None
    return {name: " and ".join(values) for name, values in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
