"""What became of the claims: the tables of docs/reproduction.md."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from keras_regnoise.studies import Run
from keras_regnoise.studies.report import Finding, Metric, weigh
from keras_regnoise.studies.report.evidence import words
from keras_regnoise.studies.report.evidence.finding import (
    DECIDED,
    EQUIVALENT,
    VERDICTS,
)
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.standings import published_standings

RESULTS = Path(__file__).parent
_COLUMNS = ("claim", "gate", "metric", "effect", "published", "verdict")
Runs = dict[str, tuple[Run, list[Finding]]]


def published_runs() -> Runs:
    """Return the runs with claims whose records are in docs, with their findings."""
    folders = [file.parent for file in sorted(RESULTS.glob("*/study.json"))]
    runs = {folder.name: Run.open(folder) for folder in folders}
    with_claims = {n: r for n, r in runs.items() if r.description.claims}
    return {name: (run, weigh(run)) for name, run in with_claims.items()}


def counted(runs: Runs) -> str:
    """Count the verdicts, in a sentence and by study."""
    findings = [finding for _, found in runs.values() for finding in found]
    decided = [f for f in findings if f.verdict in DECIDED]
    gates = [f.claim.gate for f in decided if f.claim.gate]
    whole = sum(bool(gate.regularizer) for gate in gates)
    early = sum(finding.early for finding in decided)
    by = f", {early} of them by fewer seeds than are planned" if early else ""
    used = [v for v in VERDICTS if any(f.verdict == v for f in findings)]
    lines = [["study", "claims", *used]]
    for name, (_, found) in runs.items():
        counts = Counter(finding.verdict for finding in found)
        numbers = (str(counts[verdict] or "") for verdict in used)
        lines.append([_link(name), str(len(found)), *numbers])
    sentence = (
        f"{len(decided)} of {len(findings)} claims are decided{by}. {len(gates)} of "
        "these have a gate, which is open: "
        f"{whole} ask for the fit and for Dropout, {len(gates) - whole} for the fit "
        "alone. The others are of formulas, variances, steps and the like, which need "
        "none."
    )
    table = markdown(lines, [True, *(False for _ in lines[0][1:])])
    return "\n".join([sentence, "", *table])


def of_claims(runs: Runs) -> str:
    """Return a section for each study, with a line for each of its claims."""
    parts: list[str] = []
    for name, (run, findings) in runs.items():
        description = run.description
        source = ", ".join(filter(None, (description.paper, description.table)))
        parts += [
            f"### {description.title}",
            "",
            f"{source or 'Of no paper'}; {_link(name)}.",
            "",
            *_table(findings),
            "",
        ]
    return "\n".join(parts)


def _table(findings: Sequence[Finding]) -> list[str]:
    lines = [list(_COLUMNS), *map(_line, findings)]
    # A column in which nothing stands is left out.
    columns = [c for c in zip(*lines, strict=True) if any(c[1:])]
    table = markdown(list(zip(*columns, strict=True)), [True] * len(columns))
    if any(finding.claim.gate for finding in findings):
        return table
    return ["None is about accuracy, which would need a gate.", "", *table]


def _link(name: str) -> str:
    return f"[`{name}`](results/{name}/README.md)"


def _line(finding: Finding) -> list[str]:
    verdict = words.verdict_words(finding)
    if finding.verdict == EQUIVALENT:
        verdict = f"{EQUIVALENT} of {words.margin_words(finding)}"
    elif finding.verdict in DECIDED:
        verdict = f"**{verdict}**"
    effect = words.difference_words(finding) if finding.estimate else ""
    published = words.published_words(finding)
    metric = Metric(finding.metric).words
    if finding.claim.statistic == "plateau":
        metric = f"range of {finding.claim.x}s"
    elif finding.claim.statistic == "slope":
        metric = f"slope of the {metric}"
    return [finding.claim.text, finding.gate, metric, effect, published, verdict]


def recounted(run: Run) -> str:
    """Say how often each option wins by Table 5 of the VCL paper."""
    papers = published_standings(run)
    if papers is None:
        raise ValueError("The run has no published numbers of whole data sets")
    lines = papers.table()
    wins: dict[str, list[str]] = {}
    for line in lines:
        wins.setdefault(line.within, []).append(f"{line.option} {line.count}")
    parts = "; ".join(f"{kind} {', '.join(options)}" for kind, options in wins.items())
    return (
        "Counted again by the text's rule from Table 5, the wins are, of "
        f"{lines[0].problems}: {parts}."
    )


def contents() -> dict[str, str]:
    """Return what stands between the marks of the page, by mark."""
    runs = published_runs()
    return {
        "counts": counted(runs),
        "claims": of_claims(runs),
        "recounted": recounted(runs["vcl-uci"][0]),
    }
