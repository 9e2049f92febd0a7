"""Turns the examples of docstrings into blocks of code, for the pages of the site."""

from typing import Any

import griffe


class ExamplesAsCode(griffe.Extension):
    """Puts a fence round each example; without one, Markdown reads it as prose."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """`text` with a fence round every run of lines that begins with `>>>`."""
    lines: list[str] = []
    indent: str | None = None  # of the example that is open
    for line in [*text.splitlines(), ""]:
        if indent is None and line.lstrip().startswith(">>> "):
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}```pycon")
        elif indent is not None and not line.strip():
            lines.append(f"{indent}```")
            indent = None
        lines.append(line)
    return "\n".join(lines[:-1])
