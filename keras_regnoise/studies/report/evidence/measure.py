"""The difference between the two sides of a claim."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import linear_regression

from keras_regnoise.studies.direction import direction_of
from keras_regnoise.studies.report.evidence.bootstrap import Curves, widths_by_seeds
from keras_regnoise.studies.report.evidence.estimate import Estimate, pooled
from keras_regnoise.studies.report.evidence.finding import Finding
from keras_regnoise.studies.report.evidence.grounds import (
    cannot_tell,
    finished,
    gated,
    unless_waiting,
)
from keras_regnoise.studies.report.evidence.problems import over_problems
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds, name_of
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.summary import ArmSummary

_FEWEST_RESAMPLED = 10  # a bootstrap of few makes intervals that are too narrow


def measured(finding: Finding, sides: Sides) -> Finding:
    """Compare the two sides, without a verdict yet but for what can't be compared."""
    by_statistic = {
        "mean": _means,
        "plateau": _plateaus,
        "slope": _slopes,
        "problems": over_problems,
    }
    return by_statistic[finding.claim.statistic](finding, sides)


def _means(finding: Finding, sides: Sides) -> Finding:
    """Compare the means of the best arms, in pairs of seeds."""
    claim, metric = finding.claim, finding.metric
    one, other = (sides.best(pattern, metric) for pattern in claim.arms)
    if not one or not other:
        return finding
    if {*one} != {*other} or len(one) > 1:
        return cannot_tell(
            finding, "the arms are of several groups; a run of one group could"
        )
    (first,), (second,) = one.values(), other.values()
    names = name_of(first), name_of(second)
    if names[0] == names[1]:
        return cannot_tell(finding, f"both sides are {names[0]}")
    seeds = common_seeds([first, second])
    pairs = [first.seeds[seed] - second.seeds[seed] for seed in seeds]
    step = sides.step(metric, [first, second])
    finding = replace(
        finding,
        sides=names,
        estimate=Estimate.of_pairs(pairs, claim.margin, claim.least, step)
        if seeds
        else None,
    )
    return finished(gated(finding, sides, FEWEST, [[first], [second]]), sides)


def _plateaus(finding: Finding, sides: Sides) -> Finding:
    """Compare the widths of two plateaus, by a bootstrap over the seeds."""
    claim, metric = finding.claim, finding.metric
    arms = one, other = [sides.arms(pattern, metric) for pattern in claim.arms]
    if not one or not other:
        return finding
    finding = replace(finding, sides=claim.arms)
    if problem := _no_curves(arms, finding, sides):
        return unless_waiting(finding, sides, problem)
    direction = direction_of(metric, sides.run.description)
    if direction is None:
        return cannot_tell(finding, f"whether more {metric} is better is not known")
    sign = -1.0 if direction == "min" else 1.0
    seeds = common_seeds([*one, *other])
    if len(seeds) >= _FEWEST_RESAMPLED:
        first, second = (_curves(side, claim.x, seeds, sign) for side in arms)
        value, resamples = widths_by_seeds(first, second, claim.within)
        estimate = Estimate.of_resamples(
            value, resamples, claim.margin, len(seeds), claim.least
        )
        finding = replace(finding, estimate=estimate)
    return finished(gated(finding, sides, _FEWEST_RESAMPLED, arms), sides)


def _slopes(finding: Finding, sides: Sides) -> Finding:
    """Compare how a metric changes with every doubling of `x`, in pairs of seeds."""
    claim, metric = finding.claim, finding.metric
    arms = one, other = [sides.arms(pattern, metric) for pattern in claim.arms]
    if not one or not other:
        return finding
    finding = replace(finding, sides=claim.arms)
    if problem := _no_curves(arms, finding, sides):
        return unless_waiting(finding, sides, problem)
    seeds = common_seeds([*one, *other])
    pairs = [_slope(one, claim.x, s) - _slope(other, claim.x, s) for s in seeds]
    if seeds:
        estimate = Estimate.of_pairs(pairs, claim.margin, claim.least)
        finding = replace(finding, estimate=estimate)
    return finished(gated(finding, sides, FEWEST, arms), sides)


def _no_curves(
    arms: Sequence[Sequence[ArmSummary]], finding: Finding, sides: Sides
) -> str:
    """Say why the arms of a side are no curve over `x`; nothing if they are."""
    claim = finding.claim
    for pattern, side in zip(claim.arms, arms, strict=True):
        # A curve without its worst place is another one.
        for arm in sides.ended_badly(pattern, finding.metric):
            return f"all runs of {name_of(arm)} failed"
        places = [float(arm.values[claim.x]) for arm in side]
        if len(places) < 2:
            return f"{pattern} is one arm; two make a curve"
        if len(set(places)) < len(places):
            return f"several arms of {pattern} have one {claim.x}"
    return ""


def _curves(
    arms: Sequence[ArmSummary], x: str, seeds: Sequence[int], sign: float
) -> Curves:
    return {
        float(arm.values[x]): [sign * arm.seeds[seed] for seed in seeds] for arm in arms
    }


def _slope(arms: Sequence[ArmSummary], x: str, seed: int) -> float:
    places = [math.log2(float(arm.values[x])) for arm in arms]
    return linear_regression(places, [arm.seeds[seed] for arm in arms]).slope


def with_pooled(finding: Finding, findings: Sequence[Finding], sides: Sides) -> Finding:
    """Put the pooled model beside the pairs: over all arms of one network's claims."""
    names = finding.sides
    estimate = finding.estimate
    if finding.claim.statistic != "mean" or estimate is None or not estimate.enough:
        return finding
    arms = {name_of(arm): arm for arm in sides.arms("*", finding.metric)}
    beside = dict.fromkeys(
        name
        for other in findings
        if other.claim.statistic == "mean" and other.metric == finding.metric
        for name in other.sides
        if name and arms[name].group == arms[names[0]].group
    )
    seeds = common_seeds([arms[name] for name in beside])
    if len(seeds) < FEWEST:
        return finding
    columns = [[arms[name].seeds[seed] for seed in seeds] for name in beside]
    order = list(beside)
    one, other = map(order.index, names)
    half, p = pooled(columns, one, other, finding.claim.least)
    return replace(finding, pooled_half_width=half, pooled_p=p)
