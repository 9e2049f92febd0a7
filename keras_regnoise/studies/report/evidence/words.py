"""Findings as a table, a sentence and JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_regnoise.studies.report.evidence.finding import (
    CANNOT_TELL,
    DECIDED,
    NOT_RUN,
    VERDICTS,
    Finding,
)
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.metric import NOTHING, Metric

_HOW = {
    "plateau": "a width: a bootstrap over seeds",
    "problems": "over data sets: in pairs of these, from 20 on a bootstrap over those "
    "of like size",
}
COLUMNS = ("claim", "verdict", "difference", "margin", "p, Holm", "published", "arms")


def claim_rows(findings: Sequence[Finding]) -> Iterable[list[str]]:
    """Format findings, a line each; those that were not run are left out."""
    for finding in findings:
        if finding.verdict == NOT_RUN:
            continue
        yield [
            finding.claim.text,
            verdict_words(finding),
            difference_words(finding),
            margin_words(finding),
            _p(finding),
            published_words(finding),
            " minus ".join(filter(None, finding.sides)),
        ]


def claims_markdown(findings: Sequence[Finding]) -> list[list[str]]:
    """Return title, table, notes and outcome as lines of Markdown; nothing of none."""
    if not findings:
        return []
    rows = list(claim_rows(findings))
    table = markdown([list(COLUMNS), *rows], [True] * len(COLUMNS)) if rows else []
    notes = [*claim_notes(findings), outcome_of_claims(findings)]
    return [part for part in (["The claims"], table, notes) if part]


def outcome_of_claims(findings: Sequence[Finding]) -> str:
    """Count the verdicts, in a sentence."""
    counts = Counter(finding.verdict for finding in findings)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    start = f"Of {len(findings)} claims" if len(findings) > 1 else "Of one claim"
    early = sum(f.early for f in findings if f.verdict in DECIDED)
    looks = f" A first look, from a part of the plan: {early}." if early else ""
    return f"{start}: {', '.join(parts)}.{looks}"


def claim_notes(findings: Sequence[Finding]) -> list[str]:
    """Return the notes below the table of the claims."""
    if not findings:
        return []
    claims = [finding.claim for finding in findings]
    how = ["Student's t, in pairs of equal seeds"]
    how += [
        text for name, text in _HOW.items() if name in {c.statistic for c in claims}
    ]
    no_difference = (
        " Of a claim that no difference matters the first is small beyond it alone."
        if any(claim.least for claim in claims)
        else ""
    )
    notes = [
        "Claims: written down in the study before it ran. difference: first side minus "
        f"second, with its 95 % interval ({'; '.join(how)}); of several arms the best "
        "on the validation split. p: of a difference and, after the stroke, of one "
        "beyond the margin (two one-sided tests), both after Holm's correction for "
        f"their number.{no_difference}",
    ]
    return notes + [_disagreement(f) for f in findings if f.disagrees]


def _disagreement(finding: Finding) -> str:
    half = _number(finding, finding.pooled_half_width or 0.0)
    own = finding.estimate.p_value if finding.estimate else 1.0
    return (
        f"{finding.claim.text} The pairs (p = {own:.2g}) and a pooled model of seeds "
        f"and arms (± {half}, p = {finding.pooled_p:.2g}) disagree at 0.05."
    )


def claims_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings ready for JSON."""
    return [
        {
            "claim": finding.claim.text,
            "verdict": finding.verdict,
            "reason": finding.reason,
            "gate": finding.gate,
            "metric": finding.metric,
            "statistic": finding.claim.statistic,
            "sides": list(finding.sides),
            "unit": finding.unit,
            "planned": finding.planned,
            "added": finding.added,
            "margin": finding.claim.margin,
            **_estimate(finding),
            "p_value_holm": finding.p_value,
            "equivalence_p_holm": finding.equivalence_p,
            "published": finding.published,
            "excludes_published": finding.excludes_published,
            "pooled_half_width": finding.pooled_half_width,
            "pooled_p": finding.pooled_p,
        }
        for finding in findings
    ]


def verdict_words(finding: Finding) -> str:
    """Return the verdict and its reason."""
    reason = f" ({finding.reason})" if finding.reason else ""
    return f"{finding.verdict}{reason}"


def difference_words(finding: Finding) -> str:
    """Return the difference with its interval, in the unit of the metric."""
    estimate = finding.estimate
    if estimate is None:
        return NOTHING
    mean = _signed(finding, estimate.mean)
    count = _count(finding, estimate.count)
    if not estimate.enough:
        return f"{mean} ({count})"
    ends = (_signed(finding, end) for end in (estimate.low, estimate.high))
    return f"{mean} [{', '.join(ends)}] ({count})"


def _count(finding: Finding, count: int) -> str:
    """Say of how many pairs, and whether these are others than were planned."""
    of = f" of {finding.planned}" if count < finding.planned else ""
    text = f"{count}{of} {finding.unit}{'' if f'{count}{of}' == '1' else 's'}"
    fewest, recipe = finding.of_each
    if fewest < recipe:
        text += f", {fewest} of {recipe} seeds of each"
    return f"{text}, {finding.added} of them added" if finding.added else text


def margin_words(finding: Finding) -> str:
    """Return the smallest difference that matters."""
    return f"±{_number(finding, finding.claim.margin)}"


def _estimate(finding: Finding) -> Mapping[str, Any]:
    estimate = finding.estimate
    names = ("mean", "low", "high", "deviation", "count", "p_value", "equivalence_p")
    return {name: getattr(estimate, name) if estimate else None for name in names}


def _p(finding: Finding) -> str:
    if finding.estimate is None or finding.verdict in (CANNOT_TELL, NOT_RUN):
        return ""
    return f"{_small(finding.p_value)} / {_small(finding.equivalence_p)}"


def _small(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def published_words(finding: Finding) -> str:
    """Return the paper's difference, and whether the interval leaves it out."""
    published = finding.published
    if published is None:
        return ""
    text = _signed(finding, published)
    if finding.excludes_published is None:
        return text
    return f"{text}, {'excluded' if finding.excludes_published else 'not excluded'}"


def _number(finding: Finding, value: float) -> str:
    if finding.claim.statistic == "plateau":
        return f"{value:.3f}"
    return Metric(finding.metric).number(value)


def _signed(finding: Finding, value: float) -> str:
    if finding.claim.statistic == "plateau":
        return f"{value:+.3f}"
    return Metric(finding.metric).signed(value)
