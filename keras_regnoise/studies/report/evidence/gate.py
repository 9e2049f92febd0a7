"""Whether a setting may judge regularizers at all."""

from dataclasses import dataclass, replace
from statistics import fmean

from keras_regnoise.studies.report.evidence.estimate import Estimate
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds, name_of
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.study import Claim, Gate


@dataclass(frozen=True)
class Reading:
    """What a gate found.

    Attributes:
        shown: What was measured, in words; nothing where there is no gate.
        closed: Why it is closed; nothing where it is open.
        waiting: What must run before it is the one or the other.
    """

    shown: str = ""
    closed: str = ""
    waiting: str = ""


def read(claim: Claim, sides: Sides, by: str = "") -> Reading:
    """Read the gate of a claim.

    Args:
        claim: The claim.
        sides: The arms.
        by: See `Sides.best`.
    """
    gate = claim.gate
    if gate is None:
        return Reading()
    metric = Metric(gate.metric)
    if waiting := sides.unfinished(gate.baseline, gate.metric):
        return Reading(waiting=waiting)
    baselines = list(sides.best(gate.baseline, gate.metric, by).values())
    if not baselines:
        return Reading(closed=_nothing_of(gate.baseline, gate.metric, sides))
    if losses := sides.losses(gate.baseline, gate.metric, baselines, by):
        return Reading(closed=losses)
    name = name_of(baselines[0]) if len(baselines) == 1 else gate.baseline
    reached = fmean(arm.value.mean for arm in baselines)
    fitted = f"{name} has a {metric.words} of {metric.number(reached)}"
    less = sides.less_is_better(gate.metric)
    if reached > gate.fitted if less else reached < gate.fitted:
        asked = metric.number(gate.fitted)
        reason = f"{fitted}, not {asked}: there is no overfitting to mend"
        return Reading(fitted, reason)
    if not gate.regularizer:
        return Reading(fitted)
    help_of = _help(gate, sides)
    return replace(help_of, shown=f"{fitted}{help_of.shown}")


def _help(gate: Gate, sides: Sides) -> Reading:
    """Tell what the regularizer that is known to help does here, to the headline."""
    metric = sides.run.description.metric
    patterns = gate.regularizer, gate.baseline
    arms = [list(sides.best(pattern, metric).values()) for pattern in patterns]
    for pattern, side in zip(patterns, arms, strict=True):
        if waiting := sides.unfinished(pattern, metric):
            return Reading(waiting=waiting)
        if not side:
            return Reading(closed=_nothing_of(pattern, metric, sides))
        if losses := sides.losses(pattern, metric, side):
            return Reading(closed=losses)
    if max(map(len, arms)) > 1:
        return Reading(closed=f"{gate.regularizer} is of several groups")
    (known,), (baseline,) = arms
    seeds = common_seeds([known, baseline])
    pairs = [known.seeds[seed] - baseline.seeds[seed] for seed in seeds]
    names = name_of(known), name_of(baseline)
    if len(pairs) < FEWEST:
        few = f"{names[0]} has fewer than {FEWEST} pairs with {names[1]}"
        return Reading(waiting=few)
    found = Estimate.of_pairs(pairs, 0.0, step=sides.step(metric, [known, baseline]))
    shown_by = Metric(metric)
    mean, *ends = map(shown_by.signed, (found.mean, found.low, found.high))
    shown = f"; {names[0]} changes the {shown_by.words} by {mean} [{', '.join(ends)}]"
    helps = found.high < 0 if sides.less_is_better(metric) else found.low > 0
    several = len(sides.arms(gate.regularizer, metric)) > 1
    which = ", the best of its kind," if several else ""
    why = f"{names[0]}{which} is not shown to be better than {names[1]}"
    return Reading(shown, "" if helps else why)


def _nothing_of(pattern: str, metric: str, sides: Sides) -> str:
    """Say why an arm of the gate has no number."""
    badly = sides.ended_badly(pattern, metric)
    return f"all runs of {pattern} failed" if badly else f"{pattern} was not run"
