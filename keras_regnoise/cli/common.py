"""What the commands share: exit codes, errors and output."""

import csv
import io
import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TextIO

from keras_regnoise.cli.table import format_table
from keras_regnoise.studies._text import clean_line

DONE, INCOMPLETE, USAGE = 0, 1, 2
FORMATS = ("table", "json", "csv")
_PIPE_WIDTH = 120  # of a table that is not on a terminal

Row = Mapping[str, object]


class UsageError(Exception):
    """Something to correct on the command line."""


def show(
    rows: Sequence[Row],
    form: str,
    title: str = "",
    above: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Print rows on stdout; a column `group` only if there are groups.

    Args:
        rows: Values by column.
        form: One of `FORMATS`.
        title: Stands above a table.
        above: See `format_table`.
    """
    if not any(row.get("group") for row in rows):
        rows = [{k: v for k, v in row.items() if k != "group"} for row in rows]
    if form == "json":
        show_json(rows)
    elif form == "csv":
        stream = io.StringIO()
        if rows:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        write(stream.getvalue())
    else:
        show_text([title] if title else [])
        write(format_table(rows, _width(), above))


def show_text(lines: Iterable[str]) -> None:
    """Print lines on stdout, each wrapped as a table is."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        text = textwrap.fill(
            clean_line(line),
            _width(),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        write(f"{text}\n")


def show_json(content: object) -> None:
    """Print JSON on stdout; what JSON has no number for is null."""
    write(json.dumps(_finite(content), indent=2, allow_nan=False) + "\n")


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    is_number = not isinstance(content, float) or math.isfinite(content)
    return content if is_number else None


def show_rich(renderable: object) -> None:
    """Print something of Rich's on stdout."""
    from rich.console import Console

    console = Console(width=_width())
    with console.capture() as capture:
        console.print(renderable)
    write(capture.get())


def _width() -> int:
    """Return the columns for a table; the same everywhere but on a terminal."""
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if on_terminal else _PIPE_WIDTH


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to stdout at once; a reader that has enough, such as `head`, may go."""
    stream = stream or sys.stdout
    if stream is None:  # closed by the shell: `>&-`
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # What is left in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def complain(text: object) -> None:
    """Print on stderr what is not a result, in a line."""
    write(f"keras-regnoise: {clean_line(str(text))}\n", sys.stderr)
