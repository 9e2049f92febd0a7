"""Tables as text."""

from collections.abc import Sequence


def markdown(rows: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Return the lines of a table in Markdown, aligned for who reads it as text.

    Args:
        rows: Its heads first.
        left: Whether a column is of words, which begin at the left.
    """
    rows = [[text.replace("|", "\\|") for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rules = [
        f"{'-' * (width + 1)}{'-' if left_ else ':'}"
        for width, left_ in zip(widths, left, strict=True)
    ]
    head, *body = (
        " | ".join(
            f"{text:{'<' if left_ else '>'}{width}}"
            for text, width, left_ in zip(row, widths, left, strict=True)
        )
        for row in rows
    )
    return [f"| {head} |", f"|{'|'.join(rules)}|", *(f"| {row} |" for row in body)]
