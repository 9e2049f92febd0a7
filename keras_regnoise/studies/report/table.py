"""Summaries and comparisons as a table, JSON or CSV."""

import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeGuard

from keras_regnoise.studies.race import is_tuning
from keras_regnoise.studies.report.answer import answer
from keras_regnoise.studies.report.columns import (
    Column,
    arm_columns,
    comparison_columns,
)
from keras_regnoise.studies.report.comparison import ArmComparison, outcome
from keras_regnoise.studies.report.evidence import Finding, weigh
from keras_regnoise.studies.report.evidence.words import (
    COLUMNS,
    claim_notes,
    claim_rows,
    claims_json,
    claims_markdown,
    outcome_of_claims,
)
from keras_regnoise.studies.report.exports import to_csv
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.notes import arm_notes, comparison_notes
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Run

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

FORMATS = ("table", "json", "csv")
Lines = Sequence[ArmSummary] | Sequence[ArmComparison]
_WIDE = 100


def render(
    lines: Lines, run: Run, format: str = "table", terminal: bool | None = None
) -> "str | Table | Group":
    """Lay out summaries or comparisons.

    The last line of a table is the answer, in a sentence; of a study that makes
    claims, their table and how many hold; of a tuning the answer is the first.

    Args:
        lines: What `summarize` or `compare` returns.
        run: The run; A for a comparison.
        format: `"table"`, `"json"` or `"csv"`. The latter two have fractions where
            the table has percent, and null or nothing where there is no number.
        terminal: Whether a table is for a terminal (a `rich` table, without the
            intervals of the levels where there are less than 100 columns) or for a
            file (plain text, in Markdown); by default, whether stdout is a terminal.

    Raises:
        ValueError: If there is no such format.
    """
    run = readable(run)
    if format == "json":
        return to_json(lines, run)
    if format == "csv":
        return _csv(lines, run)
    if format != "table":
        raise ValueError(
            f"There is no format {format!r}. Choose from: {', '.join(FORMATS)}"
        )
    if sys.stdout.isatty() if terminal is None else terminal:
        narrow = shutil.get_terminal_size().columns < _WIDE
        return _with_claims(_terminal(lines, run, narrow), _findings(lines, run))
    return _plain(lines, run)


def to_json(lines: Lines, run: Run) -> str:
    """Return the numbers as JSON, NaN as null."""
    metric = _metric(lines, run)
    content: dict[str, Any] = {
        "study": run.study,
        "scale": run.scale,
        "metric": metric.name,
        "epoch": metric.epoch.removesuffix(" epoch"),
        "baseline": run.description.baseline,
    }
    if of_arms(lines):
        content["answer"] = answer(lines, run)
        content["cells"] = {
            "planned": len(run.manifest.cells),
            "done": len(run.done),
            "failed": len(run.failed),
        }
        if run.description.claims:
            content["claims"] = claims_json(_findings(lines, run))
    content["arms"] = [_plain_value(asdict(line)) for line in lines]
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def of_arms(lines: Lines) -> TypeGuard[Sequence[ArmSummary]]:
    """Tell whether lines are of one run; as nothing is."""
    return not any(isinstance(line, ArmComparison) for line in lines)


def _metric(lines: Lines, run: Run) -> Metric:
    return Metric(lines[0].metric if lines else run.description.metric)


def _plain_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain_value(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _columns(lines: Lines, run: Run) -> list[Column[Any]]:
    if of_arms(lines):
        return list(arm_columns(lines, run.description.baseline, is_tuning(run)))
    return list(comparison_columns())


def _csv(lines: Lines, run: Run) -> str:
    columns = _columns(lines, run)
    values = dict.fromkeys(f"hp_{name}" for line in lines for name in line.values)
    rows = [
        {
            "group": line.group,
            "arm": line.arm,
            "metric": line.metric,
            **values,  # arms need not have the same
            **{f"hp_{name}": value for name, value in line.values.items()},
            **{k: v for column in columns for k, v in column.numbers(line).items()},
        }
        for line in lines
    ]
    return to_csv([_plain_value(row) for row in rows], ("group", "arm", "metric"))


def _terminal(lines: Lines, run: Run, narrow: bool) -> "Table":
    """Make a table for a terminal; groups have a row of their own."""
    from rich.text import Text

    *notes, last = _notes(lines, run)
    table = _framed(f"{_title(lines, run)}\n", notes, last)
    table.add_column("arm", overflow="fold")
    columns = [c for c in _columns(lines, run) if not (narrow and c.wide)]
    for column in columns:
        justify: Any = "left" if column.words else "right"
        head = Text(column.head)
        table.add_column(head, justify=justify, no_wrap=not column.words)
    group = ""
    for line in lines:
        if line.group != group:
            group = line.group
            table.add_section()
            table.add_row(Text(group, style="bold"))
        table.add_row(Text(line.arm), *(Text(c.text(line)) for c in columns))
    return table


def _framed(title: str, notes: Sequence[str], last: str) -> "Table":
    """Make an empty table with what stands above and below it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    caption = Text("\n" + "".join(f"{note}\n" for note in notes))
    return Table(
        title=Text(title, style="bold"),
        caption=caption.append(last, style="bold"),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )


def _findings(lines: Lines, run: Run) -> list[Finding]:
    return weigh(run) if of_arms(lines) and run.description.claims else []


def _with_claims(table: "Table", findings: Sequence[Finding]) -> "Table | Group":
    """Put the claims below a table for a terminal."""
    if not findings:
        return table
    from rich.console import Group
    from rich.text import Text

    notes = claim_notes(findings)
    claims = _framed("\nThe claims\n", notes, outcome_of_claims(findings))
    for head in COLUMNS:
        claims.add_column(Text(head), overflow="fold")
    for row in claim_rows(findings):
        claims.add_row(*map(Text, row))
    return Group(table, claims)


def _plain(lines: Lines, run: Run) -> str:
    """Make a Markdown table for files and pipes: one line per arm, however wide."""
    columns = _columns(lines, run)
    start = ["group", "arm"] if any(line.group for line in lines) else ["arm"]
    rows = [[*start, *(column.head for column in columns)]]
    for line in lines:
        names = [line.group, line.arm] if len(start) == 2 else [line.arm]
        rows.append([*names, *(column.text(line) for column in columns)])
    left = [True] * len(start) + [column.words for column in columns]
    table = markdown(rows, left)
    claims = claims_markdown(_findings(lines, run))
    parts = [[_title(lines, run)], table, _notes(lines, run), *claims]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _title(lines: Lines, run: Run) -> str:
    first = f"{answer(lines, run)}\n" if of_arms(lines) and is_tuning(run) else ""
    start = first + (
        f"{run.description.title or run.study} ({run.study}, scale {run.scale})\n"
        f"{_metric(lines, run).label}"
    )
    return f"{start}; {run.progress}" if of_arms(lines) else f"{start}; B against A"


def _notes(lines: Lines, run: Run) -> list[str]:
    """Return the notes, and the answer last; a tuning's is the first sentence."""
    if of_arms(lines):
        notes = arm_notes(lines, run)
        return notes if is_tuning(run) else [*notes, answer(lines, run)]
    pairs = [line for line in lines if isinstance(line, ArmComparison)]
    return [*comparison_notes(pairs), outcome(pairs)]
