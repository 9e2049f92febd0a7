"""The run whose cells were not kept, from its results.csv: table and claim."""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from keras_regnoise.studies.report import Interval, Metric
from keras_regnoise.studies.report.markdown import markdown

RESULTS = Path(__file__).parent
# By arm and metric, the value of every seed.
Cells = Mapping[tuple[str, str], Mapping[str, float]]
Column = Callable[[Cells, str], str]
_ACCURACY, _FIT = "test_accuracy", "train_accuracy"
_FITTED = 0.99


def cells_of(folder: str) -> Cells:
    """Read the results of a run of one group."""
    cells: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with (RESULTS / folder / "results.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            cells[row["arm"], row["metric"]][row["seed"]] = float(row["value"])
    return cells


def paired(one: Mapping[str, float], other: Mapping[str, float]) -> str:
    """Format a difference of accuracies in pairs of seeds, with half its interval."""
    difference = Interval.of([one[seed] - other[seed] for seed in one])
    shown = Metric(_ACCURACY)
    return f"{shown.signed(difference.mean)} ± {shown.number(difference.half_width)}"


def level(metric: str) -> Column:
    """Return a column of mean and standard deviation over the seeds."""

    def text(cells: Cells, arm: str) -> str:
        found = Interval.of(list(cells[arm, metric].values()))
        shown = Metric(metric).number
        return f"{shown(found.mean)} ± {shown(found.deviation)}"

    return text


def versus(baseline: str) -> Column:
    """Return a column of differences to an arm."""

    def text(cells: Cells, arm: str) -> str:
        both = (cells[name, _ACCURACY] for name in (arm, baseline))
        return "" if arm == baseline else paired(*both)

    return text


COLUMNS: dict[str, dict[str, Column]] = {
    "drop-activation": {
        "training accuracy, %": level(_FIT),
        "test accuracy, %": level(_ACCURACY),
        "to 1.00": versus("1.00"),
    },
}


def table_of(folder: str) -> str:
    """Return the table of a run, a line for every arm."""
    cells = cells_of(folder)
    columns = COLUMNS[folder]
    arms = list(dict.fromkeys(arm for arm, _ in cells))
    lines: list[Sequence[str]] = [["arm", *columns]]
    lines += [[arm, *(text(cells, arm) for text in columns.values())] for arm in arms]
    return "\n".join(markdown(lines, [True, *(False for _ in columns)]))


def claim() -> list[str]:
    """Return what it says of a claim: claim, effect, published, why no verdict."""
    cells, shown = cells_of("drop-activation"), Metric(_FIT)
    sides = cells["0.95", _ACCURACY], cells["1.00", _ACCURACY]
    fit = fmean(cells["1.00", _FIT].values())
    assert fit < _FITTED  # else there is a verdict to be had
    return [
        "Drop-Activation is best when it keeps 95 %",
        f"{paired(*sides)} ({len(sides[0])} seeds)",
        "no number",
        f"1.00 has a {shown.words} of {shown.number(fit)}, not {shown.number(_FITTED)}",
    ]
