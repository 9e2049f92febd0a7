"""`describe STUDY`: all that a study says of itself."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from keras_regnoise.cli.arguments import Commands, add_format, add_study
from keras_regnoise.cli.common import DONE, show, show_json, show_text, write
from keras_regnoise.cli.find import find_study

if TYPE_CHECKING:
    from keras_regnoise.studies.study import Claim, Published, Study

_APART = ("by_group", "deviations")  # fields of a recipe with lines of their own


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "describe", help="a study's arms, recipes, published numbers and deviations"
    )
    add_study(parser)
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print all that a study says of itself."""
    from keras_regnoise.studies.papers.published import as_printed

    study = find_study(options.study)[0]
    if options.format == "json":
        recipes = {scale: asdict(recipe) for scale, recipe in study.recipes.items()}
        printed = {table: as_printed(table) for table in study.tables}
        show_json(study.as_json() | {"recipes": recipes, "tables": printed})
        return DONE
    if options.format == "table":
        show_text(_lines(study))
        for table in study.tables:
            _show_printed(table)
        write("\n")
    # Of several numbers of an arm, that of the headline.
    numbers = sorted(study.published, key=lambda number: number.metric == study.metric)
    published = {(number.group, number.arm): number for number in numbers}
    show(
        [
            {
                "group": arm.group,
                "arm": arm.name,
                "values": _brief(arm.values),
                "published": _published(published.get((arm.group, arm.name))),
            }
            for arm in study.arms
        ],
        options.format,
    )
    return DONE


def _show_printed(table: str) -> None:
    """Print a table as the paper has it, and what is doubtful in it."""
    from keras_regnoise.studies.papers.published import as_printed, rows

    numbers = rows(table)
    write("\n")
    show(as_printed(table), "table", f"{numbers[0]['table']}, as printed")
    notes: dict[str, list[str]] = {}
    for number in numbers:
        if number["note"]:
            notes.setdefault(number["note"], []).append(number["value"])
    show_text(f"  {', '.join(values)}: {note}" for note, values in notes.items())


def _lines(study: "Study") -> list[str]:
    lines = [f"{study.name}: {study.title}"]
    if study.paper:
        lines.append(f"Paper: {study.paper}, {study.table}")
    lines.append(
        f"Data: {study.data}. Baseline: {study.baseline}. Metric: {study.metric}"
    )
    for scale, recipe in study.recipes.items():
        values = {k: v for k, v in asdict(recipe).items() if v and k not in _APART}
        lines.append(f"Scale {scale}: {_listed(values)}")
        for group, other in recipe.by_group.items():
            lines.append(f"  {group}: {_listed(other)}")
        lines += [f"  Differs from the paper: {text}" for text in recipe.deviations]
    lines += [f"Differs from the paper: {text}" for text in study.deviations]
    return lines + [_claim(claim) for claim in study.claims]


def _claim(claim: "Claim") -> str:
    one, other = claim.arms
    return (
        f"Claims: {claim.text} ({one} minus {other}, margin {claim.margin:g}"
        f"{'' if claim.gate else ', no gate'})"
    )


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_brief(value)}" for name, value in values.items())


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)


def _published(number: "Published | None") -> str:
    if number is None:
        return ""
    spread = "" if number.spread is None else f" ± {number.spread:g}"
    runs = "" if number.n is None else f" (n = {number.n})"
    of = f", {number.of}" if number.of else ""
    return f"{number.value:g}{spread}{runs}{of}"
