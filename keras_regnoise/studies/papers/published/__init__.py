"""The papers' tables, as printed: one CSV file each."""

import csv
from decimal import Decimal
from importlib import resources

from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.study import Published

_PERCENT = "%"


def tables() -> list[str]:
    """Return the names of all tables, such as `"vcl_table2"`."""
    files = resources.files(__package__).iterdir()
    names = (file.name for file in files)
    return sorted(n.removesuffix(".csv") for n in names if n.endswith(".csv"))


def rows(table: str) -> list[dict[str, str]]:
    """Return the numbers of a table, a row each.

    The columns are paper and table; row and column, where the number stands there;
    group, arm and metric, what a study calls it; value and spread, as printed, with
    their unit (`%`, `s`, `1` for a share, or none); n, the number of runs; and note,
    what is to be known of it, such as a slip of the paper.

    Args:
        table: Name of the file, without `.csv`.

    Raises:
        InputError: If there is no such table.
    """
    if table not in tables():
        raise InputError.unknown("There is no published table", table, tables())
    text = resources.files(__package__).joinpath(f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def published(table: str) -> tuple[Published, ...]:
    """Return the numbers of a table, percentages as shares.

    Spread and n are None where the paper has none.

    Example:
        >>> published("rotationout_table1")[0].value
        0.7193
    """
    return tuple(
        Published(
            arm=row["arm"],
            group=row["group"],
            value=_number(row["value"], row["unit"]),
            metric=row["metric"],
            spread=_number(row["spread"], row["unit"]) if row["spread"] else None,
            n=int(row["n"]) if row["n"] else None,
        )
        for row in rows(table)
    )


def as_printed(table: str) -> list[dict[str, str]]:
    """Return the lines of a table as the paper has them: cells by column.

    The first column has the names of the rows; a cell that is not printed is empty.
    """
    numbers = rows(table)
    columns = dict.fromkeys(_heading(number) for number in numbers)
    lines: dict[str, dict[str, str]] = {}
    for number in numbers:
        line = lines.setdefault(number["row"], dict.fromkeys(columns, ""))
        spread = f" ± {number['spread']}" if number["spread"] else ""
        line[_heading(number)] = number["value"] + spread
    return [{"": name, **line} for name, line in lines.items()]


def beside(
    numbers: tuple[Published, ...], groups: dict[str, str]
) -> tuple[Published, ...]:
    """Put the numbers of a group of the paper beside another group as well.

    Args:
        numbers: The paper's numbers.
        groups: Group of the paper by group that trains something smaller; what the
            numbers were measured on goes with them.
    """
    return numbers + tuple(
        Published(n.arm, n.value, ours, n.metric, n.spread, n.n, of=paper)
        for ours, paper in groups.items()
        for n in numbers
        if n.group == paper
    )


def _number(text: str, unit: str) -> float:
    # 71.93 / 100 is 0.7193000000000001 as a float.
    return float(Decimal(text) / (100 if unit == _PERCENT else 1))


def _heading(number: dict[str, str]) -> str:
    unit = number["unit"]
    return (
        f"{number['column']} ({unit})" if unit in (_PERCENT, "s") else number["column"]
    )
