"""`run STUDY`: train what is not done, then report."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_regnoise.cli.common import (
    DONE,
    INCOMPLETE,
    add_grid,
    add_study,
    add_training,
    complain,
    positive,
    seconds,
    training_options,
)
from keras_regnoise.cli.report import show_report
from keras_regnoise.studies.engine.errors import ClusterError, TimeLimitError
from keras_regnoise.studies.run import Manifest, Run, WriteError

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.cluster import Workers
    from keras_regnoise.studies.engine.plan import Plan

_CELLS_PER_PROCESS = {"paper": 1}


def add(commands: Any) -> None:
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
    parser.set_defaults(main=main)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add how the search is run."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="train N cells at a time, each in a process of its own and with its own "
        "GPU where there are GPUs (default: 1)",
    )
    parser.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="train on a Dask cluster that exists: its scheduler's address, or its "
        "scheduler file",
    )
    parser.add_argument(
        "--dashboard", action="store_true", help="show Dask's dashboard of the workers"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on in a folder although the code has changed since its first cell",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="start anew; the results that are there move aside",
    )
    parser.add_argument(
        "--retry-failed", action="store_true", help="train failed cells again"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="TIME",
        help="end the run after 90s, 15m or 2h; run it again to go on",
    )
    parser.add_argument(
        "--cells-per-process",
        type=positive,
        metavar="N",
        help="cells after which the training process is replaced by a fresh one "
        "(default: 1 at the scale paper, else 32)",
    )
    parser.add_argument(
        "--no-models", action="store_true", help="don't keep the best model of each arm"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard's HParams logs"
    )


def main(options: argparse.Namespace) -> int:
    """Run a study."""
    from keras_regnoise.studies import registry
    from keras_regnoise.studies.engine.plan import Plan

    study, source = registry.find(options.study)
    directory = options.out or Path("runs") / study.name
    scale = options.scale or default_scale(study)
    plan = Plan(
        study=study,
        source=source,
        scale=scale,
        directory=directory,
        arms=tuple(options.arms),
        seeds=options.seeds,
        options=training_options(options, save_model=not options.no_models),
        retry_failed=options.retry_failed,
        force=options.force,
    )
    return execute(plan, options)


def default_scale(study: Any) -> str:
    """Return the smallest scale of a study."""
    return str(next(iter(study.recipes)))


def workers_of(options: argparse.Namespace, scale: str) -> "Workers":
    """Return where the cells are trained."""
    from keras_regnoise.studies.engine.cluster import Workers

    return Workers(
        count=options.workers,
        cluster=options.cluster,
        cells_per_process=options.cells_per_process
        or _CELLS_PER_PROCESS.get(scale, 32),
        dashboard=options.dashboard,
    )


def execute(plan: "Plan", options: argparse.Namespace) -> int:
    """Train the cells of a plan, then report on the whole folder."""
    from keras_regnoise.cli.progress import Reporter
    from keras_regnoise.studies.engine import execute as engine
    from keras_regnoise.studies.engine.lock import set_aside

    manifest = plan.manifest()
    trouble = ""
    with Reporter(len(manifest.cells), plan.study.metric) as reporter:
        if options.overwrite and (moved := set_aside(plan.directory)):
            reporter.say(f"What was in {plan.directory} is now in {moved}.")
        try:
            workers = workers_of(options, plan.scale)
            engine.execute(plan, workers, reporter, options.timeout)
        except KeyboardInterrupt:
            trouble = "Interrupted. Run the same command again to go on."
        except TimeLimitError:
            trouble = "The time is up. Run the same command again to go on."
        except (ClusterError, WriteError) as error:
            trouble = str(error)
        summary = reporter.summary()
    if trouble:
        complain(f"{summary}. {trouble}")
    if (plan.directory / "study.json").exists():
        show_report(plan.directory, "table", tensorboard=options.tensorboard)
    if trouble:
        return INCOMPLETE
    return _conclude(Run.open(plan.directory), manifest)


def _conclude(run: Run, manifest: Manifest) -> int:
    failed = [record for record in run.failed if record.cell in manifest.chosen]
    if not failed:
        return DONE
    for record in failed:
        complain(f"{record.cell} failed: {record.error}")
    complain(f"{len(failed)} failed; train them again with --retry-failed.")
    return INCOMPLETE
