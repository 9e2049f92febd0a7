"""Summaries and comparisons as a table, JSON or CSV."""

import io
import json
import math
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_regnoise.studies.report.arm_comparison import ArmComparison
from keras_regnoise.studies.report.arm_summary import ArmSummary
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import (
    AVERAGE,
    BEST,
    LAST,
    NOTHING,
    SELECTED,
    Metric,
)
from keras_regnoise.studies.report.tidy import to_csv

FORMATS = ("table", "json", "csv")
Line = ArmSummary | ArmComparison
Column = tuple[str, Callable[[Any], str]]
_INTERVAL, _WIDE = "95 % interval", 100
_BRIEFLY = {BEST: "best", AVERAGE: "mean", SELECTED: "chosen"}
_WORDS = ("published", "verdict")
_PARTS = {"": "mean", "_sd": "deviation", "_half_width": "half_width"}


def render(
    lines: Sequence[Line],
    manifest: Mapping[str, Any],
    format: str = "table",
    terminal: bool | None = None,
) -> str | Table:
    """Lay out summaries or comparisons.

    Args:
        lines: What `summarize` or `compare` returns.
        manifest: Content of `study.json`; of A for a comparison.
        format: `"table"`, `"json"` or `"csv"`. The latter two have fractions where
            the table has percent, and null or nothing where there is no number.
        terminal: Whether a table is for a terminal (a `rich` table, without the
            intervals of the levels where there are less than 100 columns) or for a
            file (plain text, in Markdown); by default, whether stdout is a terminal.

    Raises:
        ValueError: If there is no such format.
    """
    if format == "json":
        return to_json(lines, manifest)
    if format == "csv":
        return to_csv([_flat(line) for line in lines], _columns(lines))
    if format != "table":
        raise ValueError(
            f"There is no format {format!r}. Choose from: {', '.join(FORMATS)}"
        )
    if not (sys.stdout.isatty() if terminal is None else terminal):
        return _plain(lines, manifest)
    return _table(lines, manifest, shutil.get_terminal_size().columns < _WIDE)


def to_json(lines: Sequence[Line], manifest: Mapping[str, Any]) -> str:
    """Return the numbers as JSON, NaN as null."""
    metric = _metric(lines, manifest)
    content: dict[str, Any] = {
        "study": manifest["study"],
        "scale": manifest["scale"],
        "metric": metric.name,
        "epoch": metric.epoch.removesuffix(" epoch"),
        "baseline": manifest["description"]["baseline"],
    }
    if lines and isinstance(lines[0], ArmSummary):
        content["cells"] = _counts([s for s in lines if isinstance(s, ArmSummary)])
    content["arms"] = [_nested(line) for line in lines]
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _metric(lines: Sequence[Line], manifest: Mapping[str, Any]) -> Metric:
    return Metric(lines[0].metric if lines else manifest["description"]["metric"])


def _counts(lines: Sequence[ArmSummary]) -> dict[str, int]:
    return {
        "planned": sum(arm.planned for arm in lines),
        "done": sum(arm.value.count + arm.not_finite for arm in lines),
        "failed": sum(arm.failed for arm in lines),
    }


def _nested(line: Line) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in vars(line).items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Interval):
        return {name: _plain_value(number) for name, number in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(name): _plain_value(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _interval(name: str, interval: Interval | None) -> dict[str, Any]:
    return {
        f"{name}{suffix}": _plain_value(getattr(interval, attribute))
        if interval
        else None
        for suffix, attribute in _PARTS.items()
    }


def _flat(line: Line) -> dict[str, Any]:
    start = {"group": line.group, "arm": line.arm, "metric": line.metric}
    values = {f"hp_{name}": value for name, value in line.values.items()}
    pairs = line.difference.count if line.difference else 0
    difference = {**_interval("difference", line.difference), "pairs": pairs}
    if isinstance(line, ArmComparison):
        return {
            **start,
            **values,
            "n_a": line.a.count,
            "n_b": line.b.count,
            **_interval("a", line.a),
            **_interval("b", line.b),
            **difference,
            "verdict": line.verdict,
            "differs": "; ".join(line.differs),
        }
    number = line.published[0] if line.published else {}
    return {
        **start,
        **values,
        "n": line.value.count,
        "planned": line.planned,
        "failed": line.failed,
        "not_finite": line.not_finite,
        **_interval("mean", line.value),
        **difference,
        "published": number.get("value"),
        "published_metric": number.get("metric"),
        "published_sd": number.get("spread"),
        "published_n": number.get("n"),
        "published_of": number.get("of"),
        "verdict": line.verdict,
    }


def _columns(lines: Sequence[Line]) -> list[str]:
    """Collect the columns: arms need not have the same values."""
    names = dict.fromkeys(name for line in lines for name in _flat(line))
    start = ("group", "arm", "metric")
    values = [name for name in names if name.startswith("hp_")]
    rest = [name for name in names if name not in start and name not in values]
    return [*start, *values, *rest]


def _table(lines: Sequence[Line], manifest: Mapping[str, Any], narrow: bool) -> Table:
    """Make a table for a terminal; groups have a row of their own."""
    columns = _shown(lines, manifest)
    table = Table(
        title=Text(f"{_title(lines, manifest)}\n", style="bold"),
        caption=Text(f"\n{_caption(lines, manifest)}"),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    if narrow:
        columns = [column for column in columns if column[0] != _INTERVAL]
    table.add_column("arm", overflow="fold")
    for name, _ in columns:
        words = name in _WORDS
        table.add_column(
            Text(name), justify="left" if words else "right", no_wrap=not words
        )
    group = ""
    for line in lines:
        if line.group != group:
            group = line.group
            table.add_section()
            table.add_row(Text(group, style="bold"))
        table.add_row(Text(line.arm), *(Text(cell(line)) for _, cell in columns))
    return table


def _plain(lines: Sequence[Line], manifest: Mapping[str, Any]) -> str:
    """Make a table for files and pipes: one line per arm, whatever its width."""
    columns = _shown(lines, manifest)
    table = Table(box=box.MARKDOWN)
    grouped = any(line.group for line in lines)
    for name in ["group", "arm"] if grouped else ["arm"]:
        table.add_column(name)
    for name, _ in columns:
        table.add_column(
            Text(name), justify="left" if name in _WORDS else "right", no_wrap=True
        )
    for line in lines:
        cells = [line.arm, *(cell(line) for _, cell in columns)]
        table.add_row(*map(Text, [line.group, *cells] if grouped else cells))
    stream = io.StringIO()
    Console(file=stream, width=10_000, no_color=True).print(table)
    rows = [row.rstrip() for row in stream.getvalue().splitlines()]
    text = "\n".join(row for row in rows if row)
    return f"{_title(lines, manifest)}\n\n{text}\n\n{_caption(lines, manifest)}\n"


def _shown(lines: Sequence[Line], manifest: Mapping[str, Any]) -> list[Column]:
    if lines and isinstance(lines[0], ArmComparison):
        return _comparison_columns()
    columns: list[Column] = [
        ("mean ± sd", lambda arm: spread(Metric(arm.metric), arm.value)),
        ("n", runs),
        (_INTERVAL, lambda arm: ends(Metric(arm.metric), arm.value)),
        (
            f"vs {manifest['description']['baseline']}",
            lambda arm: paired(Metric(arm.metric), arm.difference, arm.value.count),
        ),
    ]
    if any(isinstance(arm, ArmSummary) and arm.published for arm in lines):
        columns += [
            ("published", lambda arm: "; ".join(map(short_published, arm.published))),
            ("verdict", lambda arm: arm.verdict),
        ]
    return columns


def _comparison_columns() -> list[Column]:
    def difference(arm: ArmComparison) -> str:
        fewer = min(arm.a.count, arm.b.count)
        return paired(Metric(arm.metric), arm.difference, fewer)

    return [
        ("A", lambda arm: spread(Metric(arm.metric), arm.a)),
        ("n", lambda arm: str(arm.a.count)),
        ("B", lambda arm: spread(Metric(arm.metric), arm.b)),
        ("n", lambda arm: str(arm.b.count)),
        ("B - A", difference),
        ("verdict", lambda arm: arm.verdict),
    ]


def spread(metric: Metric, interval: Interval) -> str:
    """Format mean and standard deviation, without the latter for one run."""
    mean = metric.number(interval.mean)
    deviation = metric.number(interval.deviation)
    return mean if deviation == NOTHING else f"{mean} ± {deviation}"


def runs(arm: ArmSummary) -> str:
    """Format the number of runs, with the planned one where they differ."""
    count = arm.value.count
    return str(count) if count == arm.planned else f"{count} of {arm.planned}"


def ends(metric: Metric, interval: Interval) -> str:
    """Format an interval of levels; there is none for one run."""
    low, high = map(metric.number, metric.bounds(interval))
    return NOTHING if NOTHING in (low, high) else f"{low} to {high}"


def paired(metric: Metric, difference: Interval | None, runs: int) -> str:
    """Format a paired difference; with the pairs, if they are fewer than the runs."""
    if difference is None:
        return ""
    text = metric.signed(difference.mean)
    half = metric.number(difference.half_width)
    text = text if half == NOTHING else f"{text} ± {half}"
    if difference.count == runs:
        return text
    pairs = "pair" if difference.count == 1 else "pairs"
    return f"{text} ({difference.count} {pairs})"


def short_published(number: Mapping[str, Any]) -> str:
    """Format a number of the paper, its spread, and its n in parentheses."""
    metric = Metric(number["metric"])
    text = metric.number(number["value"])
    if number.get("spread") is not None:
        text += f" ± {metric.number(number['spread'])}"
    if number.get("n") is not None:
        text += f" ({number['n']})"
    return text if metric.epoch == LAST else f"{text} {_BRIEFLY[metric.epoch]}"


def published(number: Mapping[str, Any]) -> str:
    """Format a number of the paper, and what it does not report."""
    metric = Metric(number["metric"])
    text = metric.number(number["value"])
    if number.get("spread") is not None:
        text += f" ± {metric.number(number['spread'])}"
    if number.get("n") is not None:
        text += f", n = {number['n']}"
    parts = {"sd": number.get("spread"), "n": number.get("n")}
    missing = [name for name, value in parts.items() if value is None]
    text += f", {' and '.join(missing)} not reported" if missing else ""
    return text if metric.epoch == LAST else f"{text}, {metric.epoch}"


def _title(lines: Sequence[Line], manifest: Mapping[str, Any]) -> str:
    metric = _metric(lines, manifest)
    title = manifest["description"].get("title") or manifest["study"]
    start = f"{title} ({manifest['study']}, scale {manifest['scale']})\n{metric.label}"
    if not lines or isinstance(lines[0], ArmComparison):
        return f"{start}; B against A" if lines else start
    counts = _counts([arm for arm in lines if isinstance(arm, ArmSummary)])
    start += f"; {counts['done']} of {counts['planned']} cells done"
    return f"{start}, {counts['failed']} failed" if counts["failed"] else start


def _caption(lines: Sequence[Line], manifest: Mapping[str, Any]) -> str:
    notes = [
        "mean ± standard deviation over seeds; differences are paired by seed, ± is "
        "half a 95 % interval (Student's t)."
    ]
    if any(isinstance(arm, ArmSummary) and arm.published for arm in lines):
        notes.append(
            "published: ± standard deviation, (number of runs), where the paper has "
            "them; best: of the best epoch, mean: of the last epochs."
        )
    if any(isinstance(arm, ArmSummary) and arm.value.count == 2 for arm in lines):
        notes.append("An interval of two runs tells less than it shows.")
    notes += of_notes([arm for arm in lines if isinstance(arm, ArmSummary)])
    notes += metric_notes(_metric(lines, manifest))
    lost = sum(arm.not_finite for arm in lines if isinstance(arm, ArmSummary))
    if lost:
        notes.append(not_finite_note(lost))
    differs = dict.fromkeys(
        difference
        for line in lines
        if isinstance(line, ArmComparison)
        for difference in line.differs
    )
    notes += [f"Differs: {difference}" for difference in differs]
    return "\n".join(notes)


def of_notes(arms: Sequence[ArmSummary]) -> list[str]:
    """Say what published numbers were measured on, where that is something else."""
    groups: dict[str, dict[str, None]] = {}
    for arm in arms:
        for number in arm.published:
            if number.get("of"):
                groups.setdefault(number["of"], {})[arm.group] = None
    return [
        f"Published numbers beside {_some(list(names))} are of {of}."
        for of, names in groups.items()
    ]


def _some(names: Sequence[str], most: int = 3) -> str:
    """List names, the first ones of many."""
    rest = f" and {len(names) - most} more groups" if len(names) > most else ""
    return "; ".join(names[:most]) + rest


def metric_notes(metric: Metric) -> list[str]:
    """Say what the choice of the epoch means."""
    if not metric.best:
        return []
    chosen = f"The {metric.words} is that of the best epoch, chosen by itself"
    return [f"{chosen}: higher than that of a model chosen without it."]


def not_finite_note(count: int) -> str:
    """Say how many runs are in no mean."""
    verb = "run ended" if count == 1 else "runs ended"
    return f"{count} {verb} without a finite number, and are in no mean."
