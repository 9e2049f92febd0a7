"""The papers' tables, as printed: one CSV file each."""

import csv
from importlib import resources

from keras_regnoise.studies.study import Published


def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of a table: paper, table, group, arm, metric, value, spread, n.

    Args:
        table: Name of the file, without `.csv`.
    """
    text = resources.files(__package__).joinpath(f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def published(table: str) -> tuple[Published, ...]:
    """Return the numbers of a table; spread and n are None where it has none."""
    return tuple(
        Published(
            arm=row["arm"],
            group=row["group"],
            value=float(row["value"]),
            metric=row["metric"],
            spread=float(row["spread"]) if row["spread"] else None,
            n=int(row["n"]) if row["n"] else None,
        )
        for row in rows(table)
    )


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
