"""Tables of the results."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from rich.console import Console  # which Keras depends on
from rich.table import Table

from benchmarks.cases import IDENTITY
from benchmarks.record import Row

Columns = dict[str, Callable[[Row], str]]


def number(value: float | None, form: str = "") -> str:
    if value is None:
        return ""
    return format(value, form or (".3g" if abs(value) < 1000 else ".0f"))


def verdict(row: Row) -> str:
    return {True: "yes", False: "NO", None: ""}[row.meets_target]


_COLUMNS: dict[str, Columns] = {
    "layers": {
        "shape": lambda row: row.shape,
        "layer": lambda row: row.layer,
        "ms": lambda row: number(row.median_ms),
        "spread": lambda row: number(row.spread, ".0%"),
        "x identity": lambda row: number(row.ratio_to_identity, ".2f"),
        "reference": lambda row: row.reference,
        "x reference": lambda row: number(row.ratio_to_reference, ".2f"),
        "target": lambda row: number(row.target),
        "met": verdict,
        "GB/s": lambda row: number(row.gb_per_s),
        "copy": lambda row: number(row.copy_gb_per_s),
    },
    "parts": {
        "shape": lambda row: row.shape,
        "part": lambda row: row.layer,
        "ms": lambda row: number(row.median_ms),
        "spread": lambda row: number(row.spread, ".0%"),
        "x identity": lambda row: number(row.ratio_to_reference, ".2f"),
    },
    "steps": {
        "network": lambda row: row.shape,
        "layer": lambda row: row.layer,
        "ms": lambda row: number(row.median_ms),
        "spread": lambda row: number(row.spread, ".0%"),
        "x none": lambda row: number(row.ratio_to_reference, ".3f"),
        "target": lambda row: number(row.target),
        "met": verdict,
    },
    "first_step": {
        "network": lambda row: row.shape,
        "noise": lambda row: row.layer,
        "s": lambda row: number((row.median_ms or 0.0) / 1e3),
        "range": lambda row: number(row.spread, ".0%"),
        "reference": lambda row: row.reference,
        "x reference": lambda row: number(row.ratio_to_reference, ".2f"),
        "target": lambda row: number(row.target),
        "met": verdict,
    },
    "cells": {
        "cell": lambda row: row.shape,
        "arm": lambda row: row.layer,
        "ms": lambda row: number(row.median_ms),
        "steady ms": lambda row: number(row.reference_ms),
        "x steady": lambda row: number(row.ratio_to_reference, ".2f"),
        "target": lambda row: number(row.target),
        "met": verdict,
    },
    "derivatives": {
        "layer": lambda row: row.layer,
        "derivative": lambda row: row.shape,
        "works": lambda row: row.note,
        "as Dropout": verdict,
    },
    "memory": {
        "what": lambda row: row.note,
        "shape": lambda row: row.shape,
        "layer": lambda row: row.layer,
        "MB": lambda row: number(row.megabytes),
        "reference": lambda row: row.reference,
        "MB of reference": lambda row: number(row.reference_megabytes),
        "x reference": lambda row: number(row.ratio_to_reference, ".2f"),
        "target": lambda row: number(row.target),
        "met": verdict,
    },
    "construction": {
        "layer": lambda row: row.layer,
        "size": lambda row: row.shape,
        "ms": lambda row: number(row.median_ms),
        "limit": lambda row: number(row.reference_ms),
        "MB": lambda row: number(row.megabytes),
        "met": verdict,
        "": lambda row: row.note,
    },
    "inference": {
        "layer": lambda row: row.layer,
        "compared with": lambda row: row.reference,
        "same graph": verdict,
        "": lambda row: row.note,
    },
    "streaming": {
        "data": lambda row: row.layer,
        "batch": lambda row: row.shape,
        "ms": lambda row: number(row.median_ms),
        "ms of a step": lambda row: number(row.reference_ms),
        "x step": lambda row: number(row.ratio_to_reference, ".2f"),
        "met": verdict,
        "MB": lambda row: number(row.megabytes, ".0f"),
        "MB earlier": lambda row: number(row.reference_megabytes, ".0f"),
    },
    "many_arms": {
        "arms": lambda row: row.shape,
        "layer": lambda row: row.layer,
        "ms": lambda row: number(row.median_ms),
        "ms of one": lambda row: number(row.reference_ms),
        "x one": lambda row: number(row.ratio_to_reference, ".2f"),
        "target": lambda row: number(row.target),
        "met": verdict,
    },
}


def print_report(rows: Sequence[Row]) -> None:
    """Print a table for each suite and mode, and which targets are missed."""
    rows = sorted(rows, key=lambda row: list(_COLUMNS).index(row.suite))
    for (suite, mode), group in groupby(rows, lambda row: (row.suite, row.mode)):
        columns = _COLUMNS[suite]
        body = [[cell(row) for cell in columns.values()] for row in _shown(group)]
        print_table(f"{suite}, {mode}", list(columns), body)
    judged = [row for row in rows if row.meets_target is not None]
    missed = [row for row in judged if not row.meets_target]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} targets are met.")
    for row in missed:
        print(f"  missed: {describe(row)}")


def _shown(rows: Iterable[Row]) -> list[Row]:
    """Drop what another column says: the ratio to the identity."""
    rows = list(rows)
    compared = {(row.layer, row.shape) for row in rows if row.reference != IDENTITY}
    return [
        row
        for row in rows
        if row.suite != "layers"
        or row.reference != IDENTITY
        or row.target is not None
        or (row.layer, row.shape) not in compared
    ]


def describe(row: Row) -> str:
    ratio = number(row.ratio_to_reference, ".3g")
    against = f": {ratio} x {row.reference}, target {row.target:g}" if ratio else ""
    spread = f" (spread of its time {row.spread:.0%})" if row.spread else ""
    return f"{row.layer}, {row.shape}, {row.mode}{against or ': ' + row.note}{spread}"


def print_table(
    title: str, header: Sequence[str], body: Sequence[Sequence[str]]
) -> None:
    table = Table(title=title, title_justify="left")
    for name in header:
        table.add_column(name, no_wrap=True)
    for line in body:
        table.add_row(*line, style="red" if "NO" in line else None)
    # Where the output is no terminal, or a narrow one, figures must not be cut off.
    width = max(Console().width, 200)
    Console(width=width).print(table, crop=False, soft_wrap=True)
