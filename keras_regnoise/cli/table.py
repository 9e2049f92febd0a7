"""A plain table; hundreds of rows at once, with nothing installed."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from keras_regnoise.studies._text import clean_line

_GAP = "  "
_NARROW = 12  # a column is not wrapped below this


def format_table(rows: Sequence[Mapping[str, object]], width: int) -> str:
    """Lay out rows below the names of their columns; the widest ones are wrapped.

    Args:
        rows: Values by column, the same columns in every row.
        width: Columns of the terminal.

    Example:

    >>> print(format_table([{"arm": "none", "done": 3}], width=80), end="")
    arm   done
    ----  ----
    none  3
    """
    if not rows:
        return ""
    names = list(rows[0])
    cells = [[clean_line(str(row[name])) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    _narrow(widths, width)
    table = [names, ["-" * width for width in widths], *cells]
    return "".join(line for row in table for line in _lines(row, widths))


def _narrow(widths: list[int], width: int) -> None:
    """Take from the widest column until all of them fit, or none can give more."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0 and max(widths) > _NARROW:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        excess -= 1


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False)
        if len(cell) > width
        else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    return [
        _GAP.join(
            text.ljust(width) for text, width in zip(texts, widths, strict=True)
        ).rstrip()
        + "\n"
        for texts in zip_longest(*wrapped, fillvalue="")
    ]
