"""Whether a setting may judge regularizers at all."""

from statistics import fmean

from keras_regnoise.studies.report.evidence.estimate import Estimate
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds, name_of
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.study import Claim, Gate


def closed(claim: Claim, sides: Sides) -> str:
    """Return why a gate is closed, or nothing."""
    gate = claim.gate
    if gate is None:
        return ""
    metric = Metric(gate.metric)
    baselines = list(sides.best(gate.baseline, gate.metric).values())
    if not baselines:
        return f"{gate.baseline} was not run"
    reached = fmean(arm.value.mean for arm in baselines)
    if reached < gate.fitted:
        name = name_of(baselines[0]) if len(baselines) == 1 else gate.baseline
        return (
            f"{name} has a {metric.words} of {metric.number(reached)}, "
            f"not {metric.number(gate.fitted)}: there is no overfitting to mend"
        )
    return _helpless(claim, gate, sides) if gate.regularizer else ""


def _helpless(claim: Claim, gate: Gate, sides: Sides) -> str:
    """Return why the regularizer that is known to help is not known to help here."""
    metric = claim.metric or sides.run.description.metric
    known = next(iter(sides.best(gate.regularizer, metric).values()), None)
    baseline = next(iter(sides.best(gate.baseline, metric).values()), None)
    if known is None or baseline is None:
        return f"{gate.regularizer} was not run"
    seeds = common_seeds([known, baseline])
    sign = -1.0 if sides.less_is_better(metric) else 1.0
    pairs = [sign * (known.seeds[s] - baseline.seeds[s]) for s in seeds]
    names = name_of(known), name_of(baseline)
    if len(pairs) < FEWEST:
        return f"{names[0]} has fewer than {FEWEST} pairs with {names[1]}"
    if Estimate.of_pairs(pairs, claim.margin).low > 0:
        return ""
    return f"{names[0]}, the best of its kind, is not better than {names[1]}"
