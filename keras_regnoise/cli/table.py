"""A plain table; hundreds of rows at once, with nothing installed."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType

from keras_regnoise.studies._text import clean_line

_GAPS = ("  ", " ")  # between columns; the second where the first leaves no room
_NARROW = 12  # a column is not wrapped below this


def format_table(
    rows: Sequence[Mapping[str, object]],
    width: int,
    above: Mapping[int, str] = MappingProxyType({}),
) -> str:
    """Lay out rows below the names of their columns; the widest ones are wrapped.

    Args:
        rows: Values by column, the same columns in every row.
        width: Columns of the terminal.
        above: What stands above some rows and across all columns, by the numbers of
            the rows.

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
    gap = _narrow(widths, width)
    head = (names, ["-" * width for width in widths])
    text = "".join(line for row in head for line in _lines(row, widths, gap))
    for number, row in enumerate(cells):
        if title := above.get(number):
            text += textwrap.fill(clean_line(title), max(width, _NARROW)) + "\n"
        text += "".join(_lines(row, widths, gap))
    return text


def _narrow(widths: list[int], width: int) -> str:
    """Take from the widest column until all of them fit; return what is between."""
    for gap in _GAPS:
        excess = sum(widths) + len(gap) * (len(widths) - 1) - width
        while excess > 0 and max(widths) > _NARROW:
            widths[widths.index(max(widths))] -= 1
            excess -= 1
        if excess <= 0:
            break
    return gap


def _lines(row: Sequence[str], widths: Sequence[int], gap: str) -> list[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False)
        if len(cell) > width
        else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    return [
        gap.join(
            text.ljust(width) for text, width in zip(texts, widths, strict=True)
        ).rstrip()
        + "\n"
        for texts in zip_longest(*wrapped, fillvalue="")
    ]
