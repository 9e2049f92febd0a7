"""The wins of a profile as a table."""

from collections.abc import Iterable

from keras_regnoise.studies.report.metric import NOTHING
from keras_regnoise.studies.report.standings import Standings, Wins

WINS_COLUMNS = (
    "within",
    "option",
    "error difference",  # the answer: on the screen of a phone too
    "wins",
    "the paper's difference",
    "the paper's wins",
)


def wins_rows(ours: Standings, papers: Standings | None) -> Iterable[list[str]]:
    """Format the wins, with those of the paper beside them."""
    published = {(w.within, w.option): w for w in papers.table()} if papers else {}
    for line in ours.table():
        paper = published.get((line.within, line.option))
        yield [
            line.within,
            line.option,
            _difference(line),
            _count(line),
            _difference(paper) if paper else "",
            _count(paper) if paper else "",
        ]


def _count(line: Wins) -> str:
    return f"{line.count} of {line.problems}"


def _difference(line: Wins) -> str:
    difference = line.difference
    if difference is None:
        return ""
    if not difference.enough:
        return f"{difference.mean:+.4f}" if difference.count else NOTHING
    return f"{difference.mean:+.4f} ± {difference.half_width:.4f}"
