"""The tables of runs whose cells were not kept, from their results.csv."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from keras_regnoise.studies.papers.published import rows
from keras_regnoise.studies.report import Interval, Metric
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.standings import Standings
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows

RESULTS = Path(__file__).parent
# By arm and metric, the value of every seed.
Cells = Mapping[tuple[str, str], Mapping[str, float]]
Column = Callable[[Cells, str], str]
_ACCURACY = "test_accuracy"


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
        "training accuracy, %": level("train_accuracy"),
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


def _pairs(
    one: Mapping[str, float], other: Mapping[str, float]
) -> list[tuple[float, float]]:
    return [(one[seed], other[seed]) for seed in one]


def vcl_wins() -> str:
    """Return the wins of vcl-uci as a table."""
    lines = [list(WINS_COLUMNS), *wins_rows(standings_of_vcl(), standings_of_papers())]
    table = markdown(lines, [True] * len(WINS_COLUMNS))
    return "\n".join([*table, "", *(_on_one_set(option) for option in ("vcl", "bn"))])


def _on_one_set(option: str) -> str:
    """Count the sets on which an option differs from none, each by itself."""
    errors: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with (RESULTS / "vcl-uci" / "results.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["metric"] == _VCL_METRIC:
                errors[row["group"], row["arm"]][row["seed"]] = float(row["value"])
    groups = list(dict.fromkeys(group for group, _ in errors))
    differences = [
        Interval.of([a - b for a, b in _pairs(errors[g, option], errors[g, "none"])])
        for g in groups
    ]
    count = sum(difference.excludes_zero for difference in differences)
    return (
        f"- Of {len(groups)} differences of {option} to none on one set and "
        f"activation, {count} leave 0 out."
    )


def standings_of_vcl() -> Standings:
    """Return the errors of vcl-uci over its data sets."""
    with (RESULTS / "vcl-uci" / "results.csv").open(encoding="utf-8") as stream:
        return _standings(csv.DictReader(stream))


def standings_of_papers() -> Standings:
    """Return the errors of the paper's Table 5 over its data sets."""
    return _standings(rows("vcl_table5"))


_VCL_METRIC = "selected_test_error"


def _standings(table: Iterable[Mapping[str, str]]) -> Standings:
    """Take the mean over the seeds of every data set, activation and option."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in table:
        if row["metric"] != _VCL_METRIC:
            continue
        name, activation, *_ = row["group"].split(", ")
        values[activation, row["arm"], name].append(float(row["value"]))
    names = tuple(dict.fromkeys(name for *_, name in values))
    kinds = dict.fromkeys((activation, arm) for activation, arm, _ in values)
    errors = {k: np.array([fmean(values[*k, name]) for name in names]) for k in kinds}
    return Standings(errors, names, len(names))
