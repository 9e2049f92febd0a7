"""Whether a setting may judge regularizers at all."""

from dataclasses import dataclass
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
    """

    shown: str = ""
    closed: str = ""


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
    baselines = list(sides.best(gate.baseline, gate.metric, by).values())
    if not baselines:
        return Reading(closed=f"{gate.baseline} was not run")
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
    return Reading(f"{fitted}{help_of.shown}", help_of.closed)


def _help(gate: Gate, sides: Sides) -> Reading:
    """Tell what the regularizer that is known to help does here, to the headline."""
    metric = sides.run.description.metric
    arms = [
        list(sides.best(pattern, metric).values())
        for pattern in (gate.regularizer, gate.baseline)
    ]
    if not all(arms):
        return Reading(closed=f"{gate.regularizer} was not run")
    if max(map(len, arms)) > 1:
        return Reading(closed=f"{gate.regularizer} is of several groups")
    (known,), (baseline,) = arms
    seeds = common_seeds([known, baseline])
    pairs = [known.seeds[seed] - baseline.seeds[seed] for seed in seeds]
    names = name_of(known), name_of(baseline)
    if len(pairs) < FEWEST:
        few = f"{names[0]} has fewer than {FEWEST} pairs with {names[1]}"
        return Reading(closed=few)
    found, shown_by = Estimate.of_pairs(pairs, margin=0.0), Metric(metric)
    mean, *ends = map(shown_by.signed, (found.mean, found.low, found.high))
    shown = f"; {names[0]} changes the {shown_by.words} by {mean} [{', '.join(ends)}]"
    helps = found.high < 0 if sides.less_is_better(metric) else found.low > 0
    why = f"{names[0]}, the best of its kind, is not better than {names[1]}"
    return Reading(shown, "" if helps else why)
