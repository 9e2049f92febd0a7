"""Tables of OpenML, fetched once and kept as CSV."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_regnoise.datasets._uci import UCI, Table, where
from keras_regnoise.datasets.split import Array

LABEL = "label"


def download(kind: str, table: str, folder: Path) -> Path:
    """Fetch a table and keep it as `folder/KIND/TABLE.csv.gz`.

    Raises:
        FileNotFoundError: If it is a set of UCI whose number is not known.
        ValueError: If what comes is not the table that is meant.
    """
    from sklearn.datasets import fetch_openml

    meant = UCI.get(table) if kind == "uci" else None
    if kind == "uci" and meant is None:
        raise FileNotFoundError(f"uci/{table} can't be fetched. {where(kind, table)}")
    which: dict[str, Any] = {"data_id": meant.number} if meant else {"name": table}
    found = fetch_openml(
        **which,
        data_home=str(folder / "openml"),
        as_frame=False,
        parser="liac-arff",
    )
    _check(table, meant, found.target)
    chosen = meant.columns if meant else slice(None)
    columns = []
    for name, values in list(zip(found.feature_names, found.data.T, strict=True))[
        chosen
    ]:
        words = (found.categories or {}).get(name)
        columns.append([_cell(value, words) for value in values])
    path = folder / kind / f"{table}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    with gzip.open(draft, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*(f"f{i}" for i in range(len(columns))), LABEL])
        writer.writerows(zip(*columns, found.target, strict=True))
    draft.replace(path)
    return path


def _check(table: str, meant: Table | None, target: Array) -> None:
    if meant is None:
        return
    received = len(target), len(set(target.tolist()))
    if received != (meant.rows, meant.classes):
        raise ValueError(
            f"OpenML's data set {meant.number} is not uci/{table}: expected "
            f"{meant.rows} rows of {meant.classes} classes. Received: {received[0]} "
            f"rows of {received[1]} classes. Put a file {table}.csv in its place."
        )


def _cell(value: Any, words: Sequence[str] | None) -> str:
    if value is None or value != value:
        return ""
    return str(value) if words is None else str(words[int(value)])
