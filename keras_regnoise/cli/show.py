"""`list`, `describe`, `plan` and `status`: what there is, and how far it is."""

import argparse
import json
from pathlib import Path
from typing import Any

from keras_regnoise.cli.common import (
    DONE,
    INCOMPLETE,
    add_format,
    add_grid,
    add_study,
    add_training,
    complain,
    console,
    show,
    training_options,
)
from keras_regnoise.cli.progress import duration
from keras_regnoise.cli.run import default_scale


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="name the studies")
    add_format(parser)
    parser.set_defaults(main=list_studies)

    parser = commands.add_parser(
        "describe", help="a study's arms, recipes, published numbers and deviations"
    )
    add_study(parser)
    add_format(parser)
    parser.set_defaults(main=describe)

    parser = commands.add_parser(
        "plan",
        help="every cell, done or to do, and what it will cost; writes nothing",
        description="List every cell, done or to do, and estimate the time that is "
        "left, from cells that are done or else from a part of an epoch, trained "
        "now. Writes nothing.",
    )
    add_study(parser)
    add_grid(parser)
    add_training(parser)
    add_format(parser)
    parser.add_argument(
        "--no-cost", action="store_true", help="don't train anything to estimate time"
    )
    parser.set_defaults(main=plan)

    parser = commands.add_parser("status", help="how far a run is")
    parser.add_argument("directory", type=Path, metavar="DIR")
    add_format(parser)
    parser.set_defaults(main=status)


def list_studies(options: argparse.Namespace) -> int:
    """Print the studies."""
    from keras_regnoise.studies import registry

    studies = [registry.find(name)[0] for name in registry.names()]
    show(
        [
            {
                "study": study.name,
                "what it finds out": study.title,
                "paper": f"{study.paper}, {study.table}".strip(", "),
                "data": study.data,
                "scales": " ".join(study.recipes),
                "arms": len(study.arms),
            }
            for study in studies
        ],
        options.format,
    )
    return DONE


def describe(options: argparse.Namespace) -> int:
    """Print all that a study says of itself."""
    from dataclasses import asdict

    from keras_regnoise.studies import registry

    study = registry.find(options.study)[0]
    recipes = {scale: asdict(recipe) for scale, recipe in study.recipes.items()}
    if options.format == "json":
        print(json.dumps(study.as_json() | {"recipes": recipes}, indent=2))
        return DONE
    # Of several numbers of an arm, that of the headline.
    numbers = sorted(study.published, key=lambda p: p.metric == study.metric)
    published = {(p.group, p.arm): p for p in numbers}
    if options.format == "table":
        print(f"{study.name}: {study.title}")
        if study.paper:
            print(f"Paper: {study.paper}, {study.table}")
        print(f"Data: {study.data}. Baseline: {study.baseline}. Metric: {study.metric}")
        for scale, recipe in recipes.items():
            sentences = recipe.pop("deviations")
            text = ", ".join(f"{k} {_brief(v)}" for k, v in recipe.items() if v)
            print(f"Scale {scale}: {text}")
            for sentence in sentences:
                print(f"  Differs from the paper: {sentence}")
        for sentence in study.deviations:
            print(f"Differs from the paper: {sentence}")
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


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)


def _published(number: Any) -> str:
    if number is None:
        return ""
    spread = "" if number.spread is None else f" ± {number.spread:g}"
    runs = "" if number.n is None else f" (n = {number.n})"
    of = f", {number.of}" if number.of else ""
    return f"{number.value:g}{spread}{runs}{of}"


def plan(options: argparse.Namespace) -> int:
    """Print every cell and an estimate of the time."""
    from keras_regnoise.studies import registry
    from keras_regnoise.studies.engine import cost
    from keras_regnoise.studies.engine.plan import Plan, reopen

    study, source = registry.find(options.study)
    directory = options.out or Path("runs") / study.name
    manifest = Plan(
        study=study,
        source=source,
        scale=options.scale or default_scale(study),
        directory=directory,
        arms=tuple(options.arms),
        seeds=options.seeds,
        options=training_options(options, save_model=False),
    ).manifest()
    records = {}
    if (directory / "study.json").exists():
        records = {record.cell: record for record in reopen(directory).records}
    timings = {} if options.no_cost else cost.estimate(manifest, records)
    rows = []
    for cell in manifest.cells:
        record, timing = records.get(cell.id), timings.get(cell.id)
        took = record.seconds if record else timing.seconds if timing else None
        rows.append(
            {
                "group": cell.arm.group,
                "arm": cell.arm.name,
                "seed": cell.seed,
                "status": record.status if record else "to do",
                "seconds": "" if took is None else round(took, 1),
            }
        )
    show(rows, options.format)
    todo = [cell for cell in manifest.cells if cell.id not in records]
    text = f"{len(rows) - len(todo)} of {len(rows)} cells have ended"
    known = [t for c in todo if (t := timings.get(c.id)) and t.seconds is not None]
    if known:
        text += f"; about {duration(sum(t.seconds or 0 for t in known))} of training "
        text += "are left"
    complain(text)
    for reason in dict.fromkeys(t.reason for t in timings.values() if t.reason):
        complain(f"a cell could not be timed: {reason}")
    return DONE


def status(options: argparse.Namespace) -> int:
    """Print how far a run is, arm by arm."""
    from keras_regnoise.studies.engine.plan import reopen

    run = reopen(options.directory)
    rows = []
    for key in run.arms:
        done = sum(record.done for record in run.of_arm(key))
        failed = len(run.of_arm(key)) - done
        rows.append(
            {
                "group": key[0],
                "arm": key[1],
                "done": done,
                "failed": failed,
                "to do": run.planned(key) - done - failed,
            }
        )
    show(rows, options.format, f"{run.study}, {run.scale}")
    for record in run.failed:
        complain(f"{record.cell} failed: {record.error}")
    if options.format == "table":
        console().print(run.progress)
    return DONE if run.complete else INCOMPLETE
