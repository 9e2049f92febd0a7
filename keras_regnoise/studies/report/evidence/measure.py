"""The difference between the two sides of a claim."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, linear_regression

from keras_regnoise.studies.report.evidence.bootstrap import (
    Curves,
    means_over_problems,
    widths_by_seeds,
)
from keras_regnoise.studies.report.evidence.estimate import Estimate, pooled
from keras_regnoise.studies.report.evidence.finding import (
    CANNOT_TELL,
    MORE_SEEDS,
    Finding,
)
from keras_regnoise.studies.report.evidence.gate import read
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds, name_of
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.summary import ArmSummary

_FEWEST_RESAMPLED = 10  # a bootstrap of few makes intervals that are too narrow


def measured(finding: Finding, sides: Sides) -> Finding:
    """Compare the two sides, without a verdict yet but for what can't be compared."""
    claim = finding.claim
    if claim.statistic == "problems":
        return _over_problems(finding, sides)
    if claim.statistic == "slope":
        return _slopes(finding, sides)
    one, other = (sides.best(pattern, finding.metric) for pattern in claim.arms)
    if not one or not other:
        return finding
    if {*one} != {*other} or len(one) > 1:
        reason = "the arms are of several groups; a run of one group could"
        return replace(finding, verdict=CANNOT_TELL, reason=reason)
    (first,), (second,) = one.values(), other.values()
    gate = read(claim, sides)
    finding = replace(finding, verdict=MORE_SEEDS, gate=gate.shown, reason=gate.closed)
    if claim.statistic == "plateau":
        finding = _plateaus(finding, sides)
    else:
        seeds = common_seeds([first, second])
        pairs = [first.seeds[seed] - second.seeds[seed] for seed in seeds]
        finding = replace(
            finding,
            sides=(name_of(first), name_of(second)),
            estimate=Estimate.of_pairs(pairs, claim.margin) if seeds else None,
        )
    if finding.reason:
        return replace(finding, verdict=CANNOT_TELL)
    fewest = _FEWEST_RESAMPLED if claim.statistic == "plateau" else FEWEST
    if finding.estimate is None or finding.estimate.count < fewest:
        return replace(finding, reason=f"fewer than {fewest} seeds")
    return finding


def _plateaus(finding: Finding, sides: Sides) -> Finding:
    claim, metric = finding.claim, finding.metric
    one, other = (sides.arms(pattern, metric) for pattern in claim.arms)
    seeds = common_seeds([*one, *other])
    finding = replace(finding, sides=claim.arms)
    if len(seeds) < _FEWEST_RESAMPLED or min(len(one), len(other)) < 2:
        return finding
    sign = -1.0 if sides.less_is_better(metric) else 1.0
    first, second = (_curves(arms, claim.x, seeds, sign) for arms in (one, other))
    value, resamples = widths_by_seeds(first, second, claim.within)
    estimate = Estimate.of_resamples(value, resamples, claim.margin, len(seeds))
    return replace(finding, estimate=estimate)


def _curves(
    arms: Sequence[ArmSummary], x: str, seeds: Sequence[int], sign: float
) -> Curves:
    return {
        float(arm.values[x]): [sign * arm.seeds[seed] for seed in seeds] for arm in arms
    }


def _slopes(finding: Finding, sides: Sides) -> Finding:
    """Compare how a metric changes with every doubling of `x`, in pairs of seeds."""
    claim, metric = finding.claim, finding.metric
    one, other = (sides.arms(pattern, metric) for pattern in claim.arms)
    if min(len(one), len(other)) < 2:
        return finding
    gate, seeds = read(claim, sides), common_seeds([*one, *other])
    few = f"fewer than {FEWEST} seeds" if len(seeds) < FEWEST else ""
    first, second = (
        [_slope(arms, claim.x, seed) for seed in seeds] for arms in (one, other)
    )
    pairs = [a - b for a, b in zip(first, second, strict=True)]
    return replace(
        finding,
        verdict=CANNOT_TELL if gate.closed else MORE_SEEDS,
        gate=gate.shown,
        reason=gate.closed or few,
        sides=claim.arms,
        estimate=Estimate.of_pairs(pairs, claim.margin) if seeds else None,
    )


def _slope(arms: Sequence[ArmSummary], x: str, seed: int) -> float:
    places = [math.log2(float(arm.values[x])) for arm in arms]
    return linear_regression(places, [arm.seeds[seed] for arm in arms]).slope


def _over_problems(finding: Finding, sides: Sides) -> Finding:
    """Compare two options over problems; a stratum is of like sizes."""
    claim, metric = finding.claim, finding.metric
    profile = sides.run.description.profile
    by = profile.problem if profile else ""
    one, other = (sides.best(pattern, metric, by) for pattern in claim.arms)
    pairs = {name: (one[name], other[name]) for name in one if name in other}
    differences = {
        name: fmean([first.seeds[s] - second.seeds[s] for s in seeds])
        for name, (first, second) in pairs.items()
        if (seeds := common_seeds([first, second]))
    }
    if not differences:
        return finding
    gate = read(claim, sides)
    finding = replace(
        finding,
        verdict=MORE_SEEDS,
        sides=claim.arms,
        unit="data set",
        gate=gate.shown,
        reason=gate.closed,
        published=_published([pairs[name] for name in differences], finding),
    )
    few = len(differences) < _FEWEST_RESAMPLED
    if finding.reason or few:
        reason = finding.reason or f"fewer than {_FEWEST_RESAMPLED} data sets"
        verdict = CANNOT_TELL if finding.reason else MORE_SEEDS
        return replace(finding, verdict=verdict, reason=reason)
    sizes = {r.group: float(r.data.get("train") or 0) for r in sides.run.done}
    ordered = sorted(differences, key=lambda name: sizes[one[name].group])
    third = -(-len(ordered) // 3)
    strata = [
        [differences[name] for name in ordered[start : start + third]]
        for start in range(0, len(ordered), third)
    ]
    value, resamples = means_over_problems(strata)
    estimate = Estimate.of_resamples(value, resamples, claim.margin, len(ordered))
    return replace(finding, estimate=estimate)


def _published(
    pairs: Sequence[tuple[ArmSummary, ArmSummary]], finding: Finding
) -> float | None:
    """Return the paper's mean difference of the same problems, if it prints them."""
    printed = [
        [
            n.value
            for arm in pair
            for n in arm.published[:1]
            if n.metric == finding.metric
        ]
        for pair in pairs
    ]
    found = [values[0] - values[1] for values in printed if len(values) == 2]
    return fmean(found) if found and not finding.published else finding.published


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
    half, p = pooled(columns, order.index(names[0]), order.index(names[1]))
    return replace(finding, pooled_half_width=half, pooled_p=p)
