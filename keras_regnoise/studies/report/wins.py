"""The wins of a profile as a table."""

from collections.abc import Iterable

from keras_regnoise.studies.report.evidence.estimate import holm
from keras_regnoise.studies.report.metric import NOTHING
from keras_regnoise.studies.report.standings import Standings, Wins

WINS_COLUMNS = (
    "within",
    "option",
    "error difference",  # the answer: on the screen of a phone too
    "wins",
    "better, worse (sign test, Holm)",
    "the paper's difference, same problems",
    "the paper's wins, same problems",
    "the paper's difference, all",
    "the paper's wins, all",
)


def wins_rows(ours: Standings, papers: Standings | None) -> Iterable[list[str]]:
    """Format the wins, with those of the paper beside them.

    The paper's are of the problems that are ours too, and of all of its own.
    """
    same = papers.of_problems(ours.problems) if papers else None
    tables = [_by_option(paper) for paper in (same, papers)]
    signs = _signs(ours)
    for line in ours.table():
        key = (line.within, line.option)
        found = [table.get(key) for table in tables]
        yield [
            *key,
            _difference(line),
            _count(line),
            signs.get(key, ""),
            *(text(w) if w else "" for w in found for text in (_difference, _count)),
        ]


def _by_option(standings: Standings | None) -> dict[tuple[str, str], Wins]:
    lines = standings.table() if standings and standings.problems else []
    return {(line.within, line.option): line for line in lines}


def _signs(ours: Standings) -> dict[tuple[str, str], str]:
    """Say how often an option is better and worse than the first, with a sign test."""
    lines = [line for line in ours.table() if line.difference is not None]
    corrected = holm([line.sign_p for line in lines])
    return {
        (line.within, line.option): f"{line.better}, {line.worse} (p = {p:.2g})"
        for line, p in zip(lines, corrected, strict=True)
    }


def _count(line: Wins) -> str:
    return f"{line.count} of {line.problems}"


def _difference(line: Wins) -> str:
    difference = line.difference
    if difference is None:
        return ""
    if not difference.enough:
        return f"{difference.mean:+.4f}" if difference.count else NOTHING
    return f"{difference.mean:+.4f} ± {difference.half_width:.4f}"
