"""The difference between two options over many problems, such as data sets."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

from keras_regnoise.studies.report.evidence.bootstrap import means_over_problems
from keras_regnoise.studies.report.evidence.estimate import Estimate
from keras_regnoise.studies.report.evidence.finding import Finding
from keras_regnoise.studies.report.evidence.grounds import cannot_tell, finished, gated
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds, name_of
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Claim

_FEWEST_RESAMPLED = 20  # a bootstrap of fewer makes intervals that are too narrow


def over_problems(finding: Finding, sides: Sides) -> Finding:
    """Compare two options over problems: Student's t, of many a bootstrap."""
    claim, metric = finding.claim, finding.metric
    profile = sides.run.description.profile
    by = profile.problem if profile else ""
    one, other = (sides.best(pattern, metric, by) for pattern in claim.arms)
    pairs = {name: (one[name], other[name]) for name in one if name in other}
    seeds = {name: common_seeds(pair) for name, pair in pairs.items()}
    differences = {
        name: fmean([first.seeds[s] - second.seeds[s] for s in seeds[name]])
        for name, (first, second) in pairs.items()
        if seeds[name]
    }
    if not differences:
        return finding
    finding = replace(
        finding,
        sides=claim.arms,
        unit="data set",
        planned=sides.planned(claim.arms, by),
        of_each=(
            min(len(seeds[name]) for name in differences),
            len(sides.run.manifest.recipe.seeds),
        ),
        published=_published([pairs[name] for name in differences], finding),
        estimate=_of_problems(differences, one, claim, sides.run),
    )
    for pattern, found in zip(claim.arms, (one, other), strict=True):
        for arm in sides.ended_badly(pattern, metric):
            if arm.values.get(by) not in found:
                return cannot_tell(finding, f"all runs of {name_of(arm)} failed")
    chosen = [[pair[side] for pair in pairs.values()] for side in (0, 1)]
    return finished(gated(finding, sides, FEWEST, chosen, by), sides)


def _of_problems(
    differences: Mapping[str, float],
    arms: Mapping[str, ArmSummary],
    claim: Claim,
    run: Run,
) -> Estimate:
    values = list(differences.values())
    if len(values) < _FEWEST_RESAMPLED:
        return Estimate.of_pairs(values, claim.margin, claim.least)
    by_group = {r.group: float(r.data.get("train") or 0) for r in run.done}
    sizes = {name: by_group[arms[name].group] for name in differences}
    value, resamples = means_over_problems(_strata(differences, sizes))
    return Estimate.of_resamples(
        value, resamples, claim.margin, len(values), claim.least
    )


def _strata(
    differences: Mapping[str, float], sizes: Mapping[str, float]
) -> list[list[float]]:
    """Part problems into thirds by size; those of one size stay together."""
    ordered = sorted(differences, key=sizes.__getitem__)
    steps, count = [sizes[name] for name in ordered], len(ordered)
    third, edges = -(-count // 3), [0]
    for end in (third, 2 * third):
        edge = bisect_right(steps, steps[end - 1])
        if min(edge - edges[-1], count - edge) >= FEWEST:
            edges.append(edge)
    return [
        [differences[name] for name in ordered[start:end]]
        for start, end in pairwise([*edges, count])
    ]


def _published(
    pairs: Sequence[tuple[ArmSummary, ArmSummary]], finding: Finding
) -> float | None:
    """Return the paper's mean difference of the same problems, if it prints all."""
    if finding.published is not None:
        return finding.published
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
    return fmean(found) if len(found) == len(pairs) else None
