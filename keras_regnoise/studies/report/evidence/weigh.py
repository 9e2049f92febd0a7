"""What became of the claims of a study."""

from dataclasses import replace

from keras_regnoise.studies.report.evidence.estimate import ALPHA, holm
from keras_regnoise.studies.report.evidence.finding import (
    CONFIRMED,
    EQUIVALENT,
    MORE_SEEDS,
    REFUTED,
    Finding,
)
from keras_regnoise.studies.report.evidence.measure import measured, with_pooled
from keras_regnoise.studies.report.evidence.sides import Sides
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.run import Run


def weigh(run: Run) -> list[Finding]:
    """Return what became of every claim of a study, in its order.

    In this order:

    - `"not run"`: the run has no finished cells of one side.
    - `"this setting can't tell"`: the claim's gate is closed: the baseline does not fit
      its training part, or the regularizer that is known to help does not. Or runs
      failed or diverged with which the sides might be others.
    - `"needs more seeds"`: an arm of a side or of the gate has not run, or there are
      fewer than 3 pairs (10 for a plateau).
    - `"equivalent within the margin"`: two one-sided tests reject a difference of the
      margin or more.
    - `"confirmed"`, `"refuted"`: the test of the difference rejects 0, and its sign is
      that of the claim or the other. A claim that there is no difference that matters
      is refuted where the test rejects one within the margin.
    - `"needs more seeds"`: none of the three; the reason says about how many.

    Every test is at 0.05 after Holm's correction for the number of the study's claims,
    those included that were not run.

    Args:
        run: The run.
    """
    run = readable(run)
    claims = run.description.claims
    metric = run.description.metric
    found = [
        Finding(claim=c, metric=c.metric or metric, published=c.published)
        for c in claims
    ]
    if not run.done:
        return found
    sides = Sides(run)
    found = [measured(finding, sides) for finding in found]
    found = [with_pooled(finding, found, sides) for finding in found]
    tested = [f.estimate if f.verdict == MORE_SEEDS else None for f in found]
    tested = [
        e if e and not f.reason else None for f, e in zip(found, tested, strict=True)
    ]
    differ = holm([e.p_value if e else 1.0 for e in tested])
    alike = holm([e.equivalence_p if e else 1.0 for e in tested])
    return [
        _judged(replace(f, p_value=p, equivalence_p=q), len(claims)) if e else f
        for f, e, p, q in zip(found, tested, differ, alike, strict=True)
    ]


def _judged(finding: Finding, claims: int) -> Finding:
    claim, estimate = finding.claim, finding.estimate
    assert estimate is not None
    published = finding.published
    excludes = None if published is None else estimate.excludes(published)
    finding = replace(finding, excludes_published=excludes)
    if finding.equivalence_p <= ALPHA:
        return replace(finding, verdict=EQUIVALENT)
    if finding.p_value <= ALPHA:
        agrees = estimate.mean * claim.sign > 0
        return replace(finding, verdict=CONFIRMED if agrees else REFUTED)
    needed = estimate.pairs_needed(claim.margin, claims, claim.least)
    return replace(finding, reason=f"about {needed} {finding.unit}s would decide")
