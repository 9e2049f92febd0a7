"""`run STUDY`: train what is not done, then report."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_regnoise.cli.arguments import (
    Commands,
    add_engine,
    add_grid,
    add_study,
    add_training,
)
from keras_regnoise.cli.common import DONE, INCOMPLETE, complain
from keras_regnoise.cli.data import with_data
from keras_regnoise.cli.plan import plan_of
from keras_regnoise.cli.report import show_report
from keras_regnoise.cli.signals import interruptible
from keras_regnoise.studies.run import Manifest, Run, WriteError

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.cluster import Workers
    from keras_regnoise.studies.engine.plan import Plan

NEEDS = ("keras_tuner", "distributed", "matplotlib", "jinja2", "scipy", "rich")
_GO_ON = "Run the same command again to go on."
_CELLS_PER_PROCESS = {"paper": 1}


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="train a study and report it; goes on where it was interrupted",
        description="Train every cell of a study that is not done yet, and report. "
        "Run the same command again to go on after an interruption.",
    )
    add_study(parser)
    add_grid(parser)
    add_training(parser)
    add_engine(parser)
    parser.set_defaults(main=main, needs=NEEDS)


def main(options: argparse.Namespace) -> int:
    """Run a study."""
    plan = plan_of(options, save_model=not options.no_models)
    if not options.cluster:  # whose machines have folders of their own
        plan = with_data(plan, options.overwrite, options.retry_failed)
    return execute(plan, options)


def execute(plan: "Plan", options: argparse.Namespace, race: bool = False) -> int:
    """Train the cells of a plan, then report on the whole folder.

    Args:
        plan: The plan; of a race, the first round.
        options: The command line.
        race: Whether the scores say what is trained next.
    """
    from keras_regnoise.cli.progress import Reporter
    from keras_regnoise.studies.engine import execute as engine
    from keras_regnoise.studies.engine.errors import ClusterError, TimeLimitError
    from keras_regnoise.studies.engine.lock import set_aside
    from keras_regnoise.studies.engine.race import racing

    plan = replace(plan, retry_failed=options.retry_failed, force=options.force)
    manifest = plan.manifest()
    trouble = ""
    with Reporter(manifest.chosen, plan.study.metric) as reporter:
        if options.overwrite and (moved := set_aside(plan.directory)):
            reporter.say(f"What was in {plan.directory} is now in {moved}.")
        try:
            workers = workers_of(options, plan.scale, len(manifest.chosen))
            with interruptible():
                engine.execute(
                    plan, workers, reporter, options.timeout, racing if race else None
                )
        except KeyboardInterrupt:
            trouble = f"Interrupted. {_GO_ON}"
        except TimeLimitError:
            trouble = f"The time is up. {_GO_ON}"
        except (ClusterError, WriteError) as error:
            trouble = str(error)
        summary = reporter.summary()
    if trouble:
        complain(f"{summary}. {trouble}")
    if any((plan.directory / "cells").glob("[!.]*.json")):
        show_report(plan.directory, "table", tensorboard=options.tensorboard)
    if trouble:
        return INCOMPLETE
    return _conclude(Run.open(plan.directory), manifest)


def workers_of(options: argparse.Namespace, scale: str, cells: int) -> "Workers":
    """Return where cells are trained; there are never more workers than cells."""
    from keras_regnoise.studies.engine.cluster import Workers

    per_process = options.cells_per_process or _CELLS_PER_PROCESS.get(scale, 32)
    return Workers(
        count=min(options.workers, cells),
        cluster=options.cluster,
        cells_per_process=per_process,
        dashboard=options.dashboard,
    )


def _conclude(run: Run, manifest: Manifest) -> int:
    failed = [record for record in run.failed if record.cell in manifest.chosen]
    if not failed:
        return DONE
    for record in failed:
        complain(f"{record.cell} failed: {record.error}")
    complain(f"{len(failed)} failed; train them again with --retry-failed.")
    return INCOMPLETE
