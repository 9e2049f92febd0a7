"""What several commands share."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_regnoise.studies.run import Options

DONE, INCOMPLETE, USAGE = 0, 1, 2
FORMATS = ("table", "json", "csv")


class UsageError(Exception):
    """Something to correct on the command line."""


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add `--format`."""
    parser.add_argument(
        "--format", choices=FORMATS, default="table", help="default: table"
    )


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the name of a study."""
    from keras_regnoise.studies.registry import names

    study = parser.add_argument(
        "study", help="name of a study (see `keras-regnoise list`), or a Python file"
    )
    # Not `choices`: a file is a study too. The shell's completion offers both.
    study.complete = {  # type: ignore[attr-defined]
        "bash": "_shtab_compgen_files",
        "zsh": f"({' '.join(names())})",
    }


def add_grid(parser: argparse.ArgumentParser) -> None:
    """Add which cells, and where."""
    parser.add_argument("--scale", help="smoke, short or paper (default: smoke)")
    parser.add_argument(
        "--arms",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="only these arms, such as 'Dropout*'",
    )
    parser.add_argument(
        "--seeds",
        type=seeds,
        default=(),
        metavar="SEEDS",
        help="instead of the recipe's: 0-4 or 0,2,5",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the run (default: runs/STUDY)",
    )


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add how a cell is trained."""
    parser.add_argument(
        "--data-dir", default="", metavar="DIR", help="folder of the data sets"
    )
    parser.add_argument(
        "--mixed-precision",
        choices=("float16", "bfloat16"),
        nargs="?",
        const="bfloat16",
        help="default when given: bfloat16",
    )
    parser.add_argument(
        "--jit",
        choices=("auto", "on", "off"),
        nargs="?",
        const="on",
        default="auto",
        help="whether to compile with XLA (default: Keras's own choice)",
    )
    parser.add_argument(
        "--distribute",
        action="store_true",
        help="train every cell on all visible devices",
    )


def training_options(options: argparse.Namespace, save_model: bool) -> Options:
    """Return how a cell is trained."""
    precision = options.mixed_precision
    return Options(
        precision=f"mixed_{precision}" if precision else "float32",
        jit=options.jit,
        data_dir=options.data_dir and str(Path(options.data_dir).resolve()),
        distribute=options.distribute,
        save_model=save_model,
    )


def seeds(text: str) -> tuple[int, ...]:
    """Parse `"0-4"` or `"0,2,5"`."""
    chosen: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            chosen += range(int(first), int(last or first) + 1)
    except ValueError:
        chosen = []
    if not chosen:
        raise argparse.ArgumentTypeError(
            f"seeds are numbers and ranges, such as 0-4 or 0,2,5; received {text!r}"
        )
    return tuple(dict.fromkeys(chosen))


def seconds(text: str) -> float:
    """Parse `"90"`, `"90s"`, `"15m"` or `"2h"`."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        value = float(number) * units[unit]
    except ValueError:
        value = -1.0
    if not value > 0:
        raise argparse.ArgumentTypeError(
            f"a time is a number of seconds, or 90s, 15m, 2h; received {text!r}"
        )
    return value


def positive(text: str) -> int:
    """Parse a number of 1 or more."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of 1 or more; received {text!r}")
    return int(text)


def show(rows: Sequence[Mapping[str, Any]], form: str, title: str = "") -> None:
    """Print rows on stdout; a column `group` only if there are groups."""
    if not any(row.get("group") for row in rows):
        rows = [{k: v for k, v in row.items() if k != "group"} for row in rows]
    if form == "json":
        print(json.dumps(list(rows), indent=2))
    elif form == "csv":
        stream = io.StringIO()
        if rows:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(stream.getvalue(), end="")
    else:
        _show_table(rows, title)


def _show_table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    from rich.table import Table

    table = Table(title=title or None, title_justify="left")
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console().print(table, markup=False)


def console() -> Any:
    """Return a console on stdout; not narrower than its tables in a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def complain(text: object) -> None:
    """Print what is wrong on stderr."""
    print(f"keras-regnoise: {text}", file=sys.stderr)
