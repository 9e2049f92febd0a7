"""`plan STUDY`: every cell, done or to do, and what it will cost."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from keras_regnoise.cli.arguments import (
    Commands,
    add_format,
    add_grid,
    add_study,
    add_training,
    training_options,
)
from keras_regnoise.cli.common import DONE, complain, show
from keras_regnoise.cli.data import with_data
from keras_regnoise.cli.find import find_study
from keras_regnoise.cli.progress import duration
from keras_regnoise.cli.signals import interruptible
from keras_regnoise.studies.input_error import InputError

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.cell import Timing
    from keras_regnoise.studies.engine.plan import Plan
    from keras_regnoise.studies.run import Manifest, Record


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "plan",
        help="every cell, done or to do, and what it will cost; writes nothing",
        description="List every cell, done or to do, and estimate the time that is "
        "left, from cells that are done or else from a few steps of an epoch, trained "
        "now. Writes nothing.",
    )
    add_study(parser)
    add_grid(parser)
    add_training(parser)
    add_format(parser)
    parser.add_argument(
        "--no-cost", action="store_true", help="don't train anything to estimate time"
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print every cell and an estimate of the time."""
    from keras_regnoise.studies.engine.plan import reopen
    from keras_regnoise.studies.run import add_cells

    plan = plan_of(options, save_model=False)
    manifest = plan.manifest()
    records = {}
    if (plan.directory / "study.json").exists():
        run = reopen(plan.directory)
        add_cells(run.manifest, manifest, run.directory)  # or say why `run` would not
        records = {record.cell: record for record in run.records}
    timings = {} if options.no_cost else _timings(plan, manifest, records)
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
    todo = [timings.get(cell.id) for cell in manifest.cells if cell.id not in records]
    complain(f"{len(rows) - len(todo)} of {len(rows)} cells have ended{_left(todo)}")
    for reason in dict.fromkeys(t.reason for t in timings.values() if t.reason):
        complain(f"a cell could not be timed: {reason}")
    return DONE


def _timings(
    plan: "Plan", manifest: "Manifest", records: Mapping[str, "Record"]
) -> "Mapping[str, Timing]":
    from keras_regnoise.studies.engine import cost

    try:
        manifest = with_data(plan).manifest()
    except InputError as error:
        complain(error)
        return {}
    with interruptible():
        return cost.estimate(manifest, records)


def plan_of(options: argparse.Namespace, save_model: bool) -> "Plan":
    """Return what the arguments of `add_study` to `add_training` ask for."""
    from keras_regnoise.studies.engine.plan import Plan

    study, source = find_study(options.study)
    return Plan(
        study=study,
        source=source,
        scale=options.scale or next(iter(study.recipes)),
        directory=options.out or Path("runs") / study.name,
        arms=tuple(options.arms),
        seeds=options.seeds,
        options=training_options(options, save_model),
    )


def _left(timings: Iterable["Timing | None"]) -> str:
    known = [t.seconds for t in timings if t and t.seconds is not None]
    text = f"; about {duration(sum(known))} of training are left"
    return text if known else ""
