"""One row per number: results for other tools."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_regnoise._warn import warn
from keras_regnoise.studies._atomic import replacing, write_text
from keras_regnoise.studies.report.notes import ENVIRONMENT
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.run import Record, Run, Scalar

Row = dict[str, Scalar]
_KEYS = ("study", "scale", "group", "arm", "seed", "status", "metric", "value")
_TIMES = (
    "seconds",
    "fit_seconds",
    "examples_per_second",
    "device_memory",
    "attempts",
    "error",
)
_DATA = {
    "data": "name",
    "data_fingerprint": "fingerprint",
    "train_examples": "train",
}


def rows(run: Run) -> list[Row]:
    """Return one row per study, group, arm, seed and metric.

    The arm's values are in columns that begin with `hp_`. A failed cell has one row,
    without a metric; a cell that has not run has none.

    Args:
        run: The run.
    """
    run = readable(run)
    names = list(dict.fromkeys(name for values in run.arms.values() for name in values))
    nothing: Mapping[str, float | None] = {"": None}
    return [
        _row(record, names, metric, value)
        for record in run.records
        for metric, value in (record.metrics or nothing).items()
    ]


def _row(record: Record, names: Iterable[str], metric: str, value: float | None) -> Row:
    keys = (
        record.study,
        record.scale,
        record.group,
        record.arm,
        record.seed,
        record.status,
        metric,
        value,
    )
    return {
        **dict(zip(_KEYS, keys, strict=True)),
        **{f"hp_{name}": record.values.get(name) for name in names},
        **{name: getattr(record, name) for name in _TIMES},
        **{name: record.environment.get(name) for name in ENVIRONMENT},
        **{column: record.data.get(name) for column, name in _DATA.items()},
    }


def to_csv(table: Sequence[Row], columns: Sequence[str]) -> str:
    """Return rows as the text of a CSV file; what is missing is empty.

    Args:
        table: The rows, all with the same names.
        columns: Names for a table without rows.
    """
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(
        stream, list(table[0] if table else columns), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue()


def write_csv(table: Sequence[Row], file: Path | str) -> Path:
    """Write rows as CSV, whole or not at all."""
    return write_text(Path(file), to_csv(table, _columns()))


def write_parquet(table: Sequence[Row], file: Path | str) -> bool:
    """Write rows as Parquet, whole or not at all.

    Returns:
        False, with a warning, where pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        warn(
            f"{Path(file).name} is not written: Parquet needs pyarrow. "
            "Install it with: pip install pyarrow",
        )
        return False
    names = list(table[0]) if table else _columns()
    content = {name: _alike([row[name] for row in table]) for name in names}
    with replacing(Path(file)) as draft:
        parquet.write_table(pyarrow.table(content), draft)
    return True


def _columns() -> list[str]:
    return [*_KEYS, *_TIMES, *ENVIRONMENT, *_DATA]


def _alike(column: list[Scalar]) -> list[Any]:
    """Give a column one type: a rate may be 0.1 in one arm and "none" in another."""
    kinds = {type(value) for value in column if value is not None}
    if len(kinds) <= 1:
        return column
    kind = float if kinds == {int, float} else str
    return [None if value is None else kind(value) for value in column]
