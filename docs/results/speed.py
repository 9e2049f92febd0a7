"""The tables of docs/speed.md, from what `python -m benchmarks` wrote."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

Row = dict[str, str]

FOLDER = Path(__file__).parent / "speed"
MODES = {
    "tensorflow-graph": "TensorFlow graph",
    "tensorflow-jit": "TensorFlow jit",
    "jax-jit": "JAX jit",
    "torch-eager": "torch eager",
    "torch-compile": "torch.compile",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "torch": "torch",
}


def rows(suite: str) -> list[Row]:
    """Return the results of a suite, in the order of its run."""
    with (FOLDER / f"{suite}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def contents() -> dict[str, str]:
    """Return what stands between the marks of the page, by mark."""
    tables: dict[str, tuple[str, Callable[[Row], bool], Callable[[Row], str]]] = {
        "layers": ("layers", is_compared_layer, ratio_and_limit),
        "parts": ("parts", is_any, ratio),
        "steps": ("steps", is_any, ratio),
        "first-step": ("first_step", is_any, seconds_and_ratio),
        "cells": ("cells", is_any, seconds_and_ratio),
        "derivatives": ("derivatives", is_any, support),
        "memory": ("memory", is_kept, share),
        "peak": ("memory", lambda row: not is_kept(row), ratio),
        "construction": ("construction", is_any, milliseconds),
        "inference": ("inference", is_any, same_graph),
    }
    found = {mark: by_mode(rows(suite), *how) for mark, (suite, *how) in tables.items()}
    return found | {"streaming": streaming(rows("streaming"))}


def streaming(found: Iterable[Row]) -> str:
    """Return the table of images that are read from files."""
    head = ["", "batch", "images/s", "of a step", "batch / step", "MB early", "MB late"]
    lines = [head, ["---"] * len(head), *(_streamed(row) for row in found)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{place(found)}"


def _streamed(row: Row) -> list[str]:
    images = 1e3 * int(row["shape"].rpartition(" ")[2])
    rates = [images / float(row[key]) for key in ("median_ms", "reference_ms")]
    sizes = [float(row[key]) for key in ("reference_megabytes", "megabytes")]
    shown = [f"{rate:.3g}" for rate in rates]
    return [
        row["layer"],
        row["shape"],
        *shown,
        ratio(row),
        *(f"{s:,.0f}" for s in sizes),
    ]


def by_mode(
    found: Iterable[Row], keep: Callable[[Row], bool], text: Callable[[Row], str]
) -> str:
    """Return a table of layers and shapes, with a column for each way to run."""
    kept = [row for row in found if keep(row)]
    modes = [mode for mode in MODES if any(row["mode"] == mode for row in kept)]
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in kept:
        line = lines.setdefault((row["shape"], row["layer"]), {})
        line[row["mode"]] = ", ".join(filter(None, [line.get(row["mode"]), text(row)]))
    head = ["", "", *(MODES[mode] for mode in modes)]
    body = [
        [shape, layer, *(line.get(mode, "") for mode in modes)]
        for (shape, layer), line in sorted(lines.items(), key=lambda item: item[0][0])
    ]
    rule = ["---"] * len(head)
    table = "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *body))
    return f"{table}\n\n{place(kept)}"


def place(found: Iterable[Row]) -> str:
    """Say where figures were measured."""
    places = set()
    for row in found:
        device = f", {row['device']}" if row["device"] else ""
        places.add(f"{row['cores']} cores, {row['machine']}{device}; {row['versions']}")
    return f"*{'; '.join(sorted(places))}.*"


def is_compared_layer(row: Row) -> bool:
    """Whether a row is one of a layer of ours against what its goal names."""
    return bool(row["target"])


def is_any(row: Row) -> bool:
    """Whether a row is shown: all are."""
    return bool(row)


def is_kept(row: Row) -> bool:
    """Whether a row is about what is kept for the backward pass."""
    return row["note"].startswith("kept")


def ratio(row: Row) -> str:
    """Return a ratio, bold where it misses its goal."""
    text = f"{float(row['ratio_to_reference']):.2f}"
    return f"**{text}**" if row["meets_target"] == "no" else text


def share(row: Row) -> str:
    """Return a share of an activation."""
    return f"{float(row['ratio_to_reference']):.2f}"


def ratio_and_limit(row: Row) -> str:
    """Return a ratio, to what, and its goal."""
    return f"{ratio(row)} x {row['reference']} ({float(row['target']):g})"


def seconds_and_ratio(row: Row) -> str:
    """Return a time and its ratio."""
    return f"{float(row['median_ms']) / 1e3:.1f} s ({ratio(row)})"


def milliseconds(row: Row) -> str:
    """Return a time."""
    return f"{float(row['median_ms']):.1f} ms"


def same_graph(row: Row) -> str:
    """Return how the exported graph differs from the plain one."""
    return row["note"] or row["meets_target"]


def support(row: Row) -> str:
    """Return whether a derivative can be taken, and why not."""
    return "yes" if row["note"] == "yes" else f"**no**: {row['note']}"
