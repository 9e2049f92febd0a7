"""Whether a difference that was measured may have a verdict."""

from collections.abc import Sequence
from dataclasses import replace

from keras_regnoise.studies.report.evidence.finding import (
    CANNOT_TELL,
    MORE_SEEDS,
    Finding,
)
from keras_regnoise.studies.report.evidence.gate import read
from keras_regnoise.studies.report.evidence.sides import Sides, common_seeds
from keras_regnoise.studies.report.summary import ArmSummary


def gated(
    finding: Finding,
    sides: Sides,
    fewest: int,
    chosen: Sequence[Sequence[ArmSummary]],
    by: str = "",
) -> Finding:
    """Say why there can be no verdict, if there can't; the tests are left to do.

    Args:
        finding: With its estimate.
        sides: The arms.
        fewest: Pairs that there must be.
        chosen: The arms that count, of either side.
        by: See `Sides.best`.
    """
    claim, metric = finding.claim, finding.metric
    gate = read(claim, sides, by)
    finding = replace(finding, verdict=MORE_SEEDS, gate=gate.shown)
    if finding.unit == "seed":
        finding = _with_seeds(finding, sides, chosen)
    if gate.closed:
        return cannot_tell(finding, gate.closed)
    for pattern, arms in zip(claim.arms, chosen, strict=True):
        if losses := sides.losses(pattern, metric, arms, by):
            return cannot_tell(finding, losses)
    if gate.waiting:
        return replace(finding, reason=gate.waiting)
    if finding.estimate is None or finding.estimate.count < fewest:
        return replace(finding, reason=f"fewer than {fewest} {finding.unit}s")
    return finding


def _with_seeds(
    finding: Finding, sides: Sides, chosen: Sequence[Sequence[ArmSummary]]
) -> Finding:
    """Note how many seeds the recipe has, and how many were added to them."""
    planned = set(sides.run.manifest.recipe.seeds)
    used = set(common_seeds([arm for arms in chosen for arm in arms]))
    # Others alone, in a folder of their own, are a new sample.
    added = len(used - planned) if planned & used else 0
    return replace(finding, planned=len(planned), added=added)


def finished(finding: Finding, sides: Sides) -> Finding:
    """Leave the verdict to the day when all arms of both sides have run."""
    if finding.verdict == CANNOT_TELL:
        return finding
    waiting = (sides.unfinished(side, finding.metric) for side in finding.claim.arms)
    return replace(finding, reason=next(filter(None, waiting), finding.reason))


def unless_waiting(finding: Finding, sides: Sides, problem: str) -> Finding:
    """Name a problem, if it is not for what has not run yet."""
    waiting = finished(replace(finding, verdict=MORE_SEEDS), sides)
    return waiting if waiting.reason else cannot_tell(finding, problem)


def cannot_tell(finding: Finding, reason: str) -> Finding:
    """Return the finding without a verdict."""
    return replace(finding, verdict=CANNOT_TELL, reason=reason)
