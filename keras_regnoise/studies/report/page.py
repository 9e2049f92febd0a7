"""One page with everything about a run, in one file."""

from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import Any

from keras_regnoise.studies.report import curves, drawing
from keras_regnoise.studies.report._markup import (
    Markup,
    element,
    plain_table,
    scrolling,
)
from keras_regnoise.studies.report._run import Record, Run, arm_name, arm_of
from keras_regnoise.studies.report.arm_summary import ArmSummary
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.profile import profile
from keras_regnoise.studies.report.profile_section import profile_section
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.report.table import (
    ends,
    metric_notes,
    not_finite_note,
    of_notes,
    paired,
    published,
    runs,
    spread,
)
from keras_regnoise.studies.report.tidy import ENVIRONMENT

_MOST_GROUPS = 10
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html(
    manifest: Mapping[str, Any],
    records: Sequence[Record],
    metric: str | None = None,
) -> str:
    """Return a page that needs neither a network nor JavaScript.

    In this order: what it is, the table, where the protocol is not the paper's, the
    paper's figure from our numbers, learning curves, failures, environment. A study of
    options over many problems has its wins and profile before the table, in place of
    figure and curves.

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
        metric: Name of a metric; the study's headline by default.
    """
    run, summaries = Run(manifest, records), summarize(manifest, records, metric)
    title = str(run.description.get("title") or run.study)
    whole = profile(manifest, records, metric)
    body = element(
        "main",
        element("h1", title),
        *_introduction(run),
        # Its answer goes before a table of every problem.
        *(profile_section(run, whole) if whole else ()),
        *_table_section(run, summaries, Metric(metric or run.metric(None))),
        *_deviations(run),
        *_figures(run, summaries),
        *_failures(run),
        *_environment(run),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Without it, a browser asks for an icon.
        element("link", rel="icon", href="data:,"),
        element("title", f"{title}: {run.progress}"),
        element("style", Markup(_style_sheet())),
    )
    return (
        f"<!doctype html>\n{element('html', head, element('body', body), lang='en')}\n"
    )


def _style_sheet() -> str:
    return resources.files(__package__).joinpath("page.css").read_text("utf-8")


def _introduction(run: Run) -> Iterable[Markup]:
    if len(run.done) < len(run.cells):
        rest = "numbers are of those, and will change" if run.done else "no numbers yet"
        yield element("p", f"{run.progress}: {rest}.", class_="notice", role="status")
    facts = {
        "Paper": ", ".join(
            str(run.description[name])
            for name in ("paper", "table")
            if run.description.get(name)
        ),
        "Command": _command(run),
        "Cells": f"{run.progress}{_compute_time(run.records)}",
        "Recipe": _recipe(run.recipe),
        **_common(run.records),
    }
    yield element(
        "dl",
        *(
            part
            for name, text in facts.items()
            if text
            for part in (element("dt", name), element("dd", text))
        ),
    )


def _compute_time(records: Sequence[Record]) -> str:
    seconds = sum(record.get("seconds") or 0.0 for record in records)
    if not seconds:
        return ""
    minutes = seconds / 60
    if minutes < 1:
        return f"; {seconds:.0f} s of computing"
    amount = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return f"; {amount} of computing"


def _recipe(recipe: Mapping[str, Any]) -> str:
    parts = []
    for name, value in recipe.items():
        if (
            name in ("seeds", "arms", "deviations")
            or value in (None, [], (), {})
            or (name, value) in (("validation_freq", 1), ("test_freq", 0))
        ):
            continue
        if isinstance(value, Mapping):
            value = ", ".join(f"{key} {part}" for key, part in value.items())
        elif isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        units = {
            "epochs": f"{value} epochs",
            "batch_size": f"batches of {value}",
            "validation_freq": f"validated every {value} epochs",
            "test_freq": f"a look at the test part every {value} epochs",
        }
        words = name.replace("_", " ")
        parts.append(units.get(name, f"{words} {value}"))
    seeds = recipe.get("seeds") or ()
    parts += [f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}"] if seeds else []
    return "; ".join(parts)


def _common(records: Sequence[Record]) -> dict[str, str]:
    """Say where it ran, in a line each; the details are at the end of the page."""
    environments = [record.get("environment") or {} for record in records]
    data = [record.get("data") or {} for record in records]
    versions = _distinct(
        f"keras_regnoise {e['keras_regnoise']}, Keras {e['keras']}, {e['backend']}, "
        f"Python {e['python']}"
        for e in environments
        if "keras" in e
    )
    return {
        "Versions": versions,
        "Machine": _distinct(
            f"{e.get('machine', '')}, on {e.get('device', '')}, {e.get('precision')}"
            for e in environments
            if e
        ),
        "Data": _data(data),
    }


def _data(data: Sequence[Mapping[str, Any]]) -> str:
    texts = dict.fromkeys(
        f"{d['name']}: {d['train']} to train, {d['validation']} to validate, "
        f"{d['test']} to test ({str(d['fingerprint'])[:19]})"
        for d in data
        if "name" in d
    )
    if len(texts) > _MOST_GROUPS:
        return f"{len(texts)} data sets, see Environment"
    return "; ".join(texts)


def _distinct(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(values))


def _table_section(
    run: Run, summaries: Sequence[ArmSummary], metric: Metric
) -> Iterable[Markup]:
    yield element("h2", "Results")
    with_paper = any(arm.published for arm in summaries)
    baseline = str(run.description["baseline"])
    columns = ["mean ± sd", "n", "95 % interval", f"difference to {baseline}"]
    columns += ["published", "verdict"] if with_paper else []
    head = element(
        "tr",
        element("th", "arm", scope="col"),
        *(
            element("th", name, scope="col", class_=_cell_class(i))
            for i, name in enumerate(columns)
        ),
    )
    groups = dict.fromkeys(arm.group for arm in summaries)
    table = element(
        "table",
        element("caption", metric.label),
        element("thead", head),
        *(
            _group_rows(group, [s for s in summaries if s.group == group], len(columns))
            for group in groups
        ),
    )
    yield scrolling(table, "Results by arm")
    for note in _notes(run, summaries, metric):
        yield element("p", note, class_="quiet")


def _cell_class(column: int) -> str:
    return "number" if column < 4 else "long"


def _group_rows(group: str, arms: Sequence[ArmSummary], columns: int) -> Markup:
    rows = []
    if group:
        name = element("th", group, scope="rowgroup", colspan=columns + 1)
        rows.append(element("tr", name))
    for arm in arms:
        cells = _cells(arm)[:columns]
        rows.append(
            element(
                "tr",
                element("th", arm.arm, scope="row"),
                *(
                    element("td", text, class_=_cell_class(i))
                    for i, text in enumerate(cells)
                ),
                class_="baseline" if arm.is_baseline else None,
            )
        )
    return element("tbody", *rows)


def _cells(arm: ArmSummary) -> list[str]:
    metric = Metric(arm.metric)
    return [
        spread(metric, arm.value),
        runs(arm) + (f", {arm.failed} failed" if arm.failed else ""),
        ends(metric, arm.value),
        paired(metric, arm.difference, arm.value.count),
        "; ".join(map(published, arm.published)),
        arm.verdict,
    ]


def _notes(run: Run, arms: Sequence[ArmSummary], metric: Metric) -> Iterable[str]:
    yield (
        "Mean ± standard deviation over n seeds. Differences are paired by seed, ± is "
        "half a 95 % interval. Intervals are Student's t; one run has none, and one "
        "of two runs tells less than it shows."
    )
    if any(arm.published for arm in arms):
        yield (
            "Verdicts are about the sign of the paired difference beside that of the "
            "published difference: one is given from 3 pairs on, if the 95 % interval "
            "leaves 0 out. Levels are compared at the paper's scale alone."
        )
    differences = [d for arm in arms if (d := arm.difference) and d.count > 2]
    count = sum(difference.excludes_zero for difference in differences)
    if len(differences) > 1:
        yield (
            f"{count} of {len(differences)} intervals of differences (of 3 pairs and "
            "more) leave 0 out; if no arm did anything, one in 20 would, about "
            f"{len(differences) / 20:.1f} here."
        )
    yield from of_notes(arms)
    yield from metric_notes(metric)
    lost = sum(arm.not_finite for arm in arms)
    if lost:
        yield not_finite_note(lost)
    if run.left_out:
        yield f"Arms of the study that this run leaves out: {_left_out(run)}."


def _left_out(run: Run) -> str:
    """List arms, and groups that are left out as a whole."""
    shown = {group for group, _ in run.arms}
    arms = [arm_name(key) for key in run.left_out if key[0] in shown]
    groups = dict.fromkeys(group for group, _ in run.left_out if group not in shown)
    if len(groups) > _MOST_GROUPS:
        return ", ".join([*arms, f"those of {len(groups)} other groups"])
    return ", ".join([*arms, *(f"all of {group}" for group in groups)])


def _command(run: Run) -> str:
    tuned = run.manifest.get("source", {}).get("tune")
    if tuned:
        return f"keras-regnoise tune {tuned['build']} --data {tuned['data']}"
    return f"keras-regnoise run {run.study} --scale {run.scale}"


def _deviations(run: Run) -> Iterable[Markup]:
    deviations = [
        *(run.recipe.get("deviations") or ()),
        *(run.description.get("deviations") or ()),
    ]
    if not run.description.get("paper"):
        if deviations:
            yield element("h2", "To be kept in mind")
            yield element("ul", *(element("li", text) for text in deviations))
        return
    yield element("h2", "Where the protocol is not the paper's")
    if run.scale != "paper":
        yield element(
            "p",
            f"This is the scale {run.scale}, not the paper's: directions may be "
            "compared, levels not.",
        )
    if deviations:
        yield element("ul", *(element("li", text) for text in deviations))
    elif run.scale == "paper":
        yield element("p", "No deviation is known.")


def _figures(run: Run, summaries: Sequence[ArmSummary]) -> Iterable[Markup]:
    if run.description.get("profile"):
        return  # a panel for every problem would be too many
    yield from _figure_section(run, summaries)
    yield from _curve_section(run)


def _figure_section(run: Run, summaries: Sequence[ArmSummary]) -> Iterable[Markup]:
    panels = drawing.panels(run.manifest, summaries)
    if not panels:
        return
    yield element("h2", "Figure")
    note = (
        "Small dots are runs, large ones means, with 95 % intervals from three runs on."
    )
    if run.description.get("x"):
        note += " Dashed lines are arms that have no place on the axis."
    else:
        note += " The dashed line is the baseline."
    if any(arm.published for arm in summaries):
        note += " Hollow diamonds are published numbers, with their standard deviation."
    yield element("p", note, class_="quiet")
    drawn = [
        (panel.group, element("figure", Markup(drawing.panel_svg(panel, f"figure{i}"))))
        for i, panel in enumerate(panels)
    ]
    for _, group in groupby(drawn, lambda pair: pair[0][0].group):
        yield element("div", *(svg for _, svg in group), class_="figures")


def _curve_section(run: Run) -> Iterable[Markup]:
    groups = curves.curve_panels(run)
    if not groups:
        return
    metric = Metric(curves.curve_metric(run))
    yield element("h2", "Learning curves")
    yield element(
        "p",
        f"{metric.words.capitalize()} by epoch: mean and 95 % band over the seeds, "
        "from three seeds on. Dashed is the baseline. The panels show what most epochs "
        "have in common; the first may be outside.",
        class_="quiet",
    )
    for number, (group, panels) in enumerate(groups.items()):
        if group:
            yield element("h3", group)
        figures = (
            Markup(curves.curve_svg(panel, f"curve{number}-{i}"))
            for i, panel in enumerate(panels)
        )
        yield element(
            "div", *(element("figure", svg) for svg in figures), class_="figures small"
        )


def _failures(run: Run) -> Iterable[Markup]:
    if not run.failed:
        return
    yield element("h2", "Failures")
    rows = [
        (
            arm_name(arm_of(record)),
            str(record["seed"]),
            _last_line(record),
            str(record.get("attempts") or ""),
        )
        for record in run.failed
    ]
    table = plain_table(("arm", "seed", "error", "attempts"), rows)
    yield scrolling(table, "Failed cells")


def _last_line(record: Record) -> str:
    lines = str(record.get("traceback") or record.get("error") or "").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "unknown")


def _environment(run: Run) -> Iterable[Markup]:
    rows = [
        (prefix + name.replace("_", " "), text)
        for part, prefix, names in (
            ("environment", "", ENVIRONMENT),
            ("data", "data: ", ("name", "fingerprint", "train", "validation", "test")),
        )
        for name in names
        if (text := _values(run, part, name))
    ]
    if not rows:
        return
    yield element("h2", "Environment")
    if any(" cells)" in text for _, text in rows):
        yield element(
            "p",
            "The cells did not all run in the same environment, or on the same data.",
            class_="notice",
        )
    yield scrolling(plain_table(("what", "value"), rows), "Environment")


def _values(run: Run, part: str, name: str) -> str:
    counts: dict[str, int] = {}
    for record in run.records:
        value = (record.get(part) or {}).get(name)
        if value is not None and value != "":
            text = {True: "yes", False: "no"}.get(value, str(value))
            counts[text] = counts.get(text, 0) + 1
    if len(counts) < 2:
        return next(iter(counts), "")
    return "; ".join(f"{text} ({count} cells)" for text, count in counts.items())
