"""Fills what the documents say in numbers from the records beside them.

    python docs/results/tables.py

What stands between `<!-- NAME -->` and `<!-- end -->` is written here and not by hand;
a test compares it with what it would be now.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np

from keras_regnoise.studies import Run, report
from keras_regnoise.studies.papers.published import rows
from keras_regnoise.studies.report.evidence.words import difference_words
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.standings import Standings
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows

RESULTS = Path(__file__).parent
FRONT_PAGE = RESULTS.parents[1] / "README.md"
KEEP_RATE = RESULTS / "keep-rate"
VCL = RESULTS / "vcl-uci"
_ERROR = "selected_test_error"


def whole_report(run: Run) -> str:
    """Return what `keras-regnoise report` prints into a file."""
    return str(report.render(report.summarize(run), run, terminal=False))


def best_and_beyond(run: Run) -> str:
    """Say what keep-rate shows of the MLP, in a sentence or two."""
    arms = {a.arm: 100 * a.value.mean for a in report.summarize(run) if a.value.count}
    best = report.weigh(run)[0]
    rotation, dropout = (side.removeprefix("MLP: ") for side in best.sides)
    return (
        f"*An MLP on 500 digits of which 40 % have a wrong label, {seeds_of(run)} "
        f"seeds: without noise it has {arms['none']:.1f} % of the test digits right, "
        f"with {dropout} {arms[dropout]:.1f} %, with {rotation} {arms[rotation]:.1f} "
        f"%, each at its best rate (difference {difference_words(best)}); at rate 0.9 "
        f"Dropout has fallen to {arms['Dropout 0.9']:.1f} %, RotationOut is at "
        f"{arms['RotationOut 0.9']:.1f} %.*"
    )


def seeds_of(run: Run) -> int:
    """Return the number of seeds of the baseline of the MLP."""
    return len({r.seed for r in run.done if r.key == ("MLP", "none")})


def vcl_wins() -> str:
    """Return the wins of vcl-uci, from a run whose cells were not kept, as a table."""
    with (VCL / "results.csv").open(encoding="utf-8") as stream:
        ours = _standings(
            row for row in csv.DictReader(stream) if row["metric"] == _ERROR
        )
    papers = _standings(rows("vcl_table5"))
    lines = [list(WINS_COLUMNS), *wins_rows(ours, papers)]
    return "\n".join(markdown(lines, [True] * len(WINS_COLUMNS)))


def _standings(table: Iterable[Mapping[str, str]]) -> Standings:
    """Take the mean over the seeds of every data set, activation and option."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in table:
        name, activation, *_ = row["group"].split(", ")
        values[activation, row["arm"], name].append(float(row["value"]))
    names = tuple(dict.fromkeys(name for *_, name in values))
    kinds = dict.fromkeys((activation, arm) for activation, arm, _ in values)
    errors = {k: np.array([fmean(values[*k, name]) for name in names]) for k in kinds}
    return Standings(errors, names, len(names))


def filled(text: str, name: str, content: str) -> str:
    """Return a document with something else between two marks."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    if not re.search(pattern, text, re.DOTALL):
        raise ValueError(f"The document has no <!-- {name} --> ... <!-- end -->")
    return re.sub(
        pattern,
        lambda found: f"{found[1]}{content.strip()}\n{found[2]}",
        text,
        flags=re.DOTALL,
    )


def documents() -> dict[Path, str]:
    """Return what every document should be."""
    texts = {}
    for manifest in sorted(RESULTS.glob("*/study.json")):
        page = manifest.parent / "README.md"
        content = whole_report(Run.open(manifest.parent))
        texts[page] = filled(page.read_text("utf-8"), "report", content)
    page = VCL / "README.md"
    texts[page] = filled(page.read_text("utf-8"), "wins", vcl_wins())
    front = FRONT_PAGE.read_text("utf-8")
    sentence = best_and_beyond(Run.open(KEEP_RATE))
    return texts | {FRONT_PAGE: filled(front, "keep-rate", sentence)}


if __name__ == "__main__":
    for file, text in documents().items():
        file.write_text(text, "utf-8")
        print(f"wrote {file}")
