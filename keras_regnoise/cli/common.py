"""What the commands share: exit codes, errors and output."""

import csv
import io
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from keras_regnoise.studies._text import clean_line, clean_text

if TYPE_CHECKING:
    from rich.console import Console

DONE, INCOMPLETE, USAGE = 0, 1, 2
FORMATS = ("table", "json", "csv")
_PIPE_WIDTH = 120  # of a table that is not on a terminal

Row = Mapping[str, object]


class UsageError(Exception):
    """Something to correct on the command line."""


def show(rows: Sequence[Row], form: str, title: str = "") -> None:
    """Print rows on stdout; a column `group` only if there are groups."""
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
        show_rich(_table(rows, title))


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


def _table(rows: Sequence[Row], title: str) -> object:
    from rich.table import Table
    from rich.text import Text  # plain: brackets in names are not markup

    table = Table(title=Text(clean_line(title)) if title else None)
    table.title_justify = "left"
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(clean_text(str(value))) for value in row.values()))
    return table


def show_rich(renderable: object) -> None:
    """Print something of Rich's on stdout."""
    console = _console()
    with console.capture() as capture:
        console.print(renderable)
    write(capture.get())


def _console() -> "Console":
    from rich.console import Console

    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return Console(width=None if on_terminal else _PIPE_WIDTH)


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
