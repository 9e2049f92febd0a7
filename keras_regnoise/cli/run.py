"""`run STUDY`: train what is not done, then report."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_regnoise.cli.common import (
    DONE,
    INCOMPLETE,
    add_grid,
    add_study,
    add_training,
    address,
    complain,
    positive,
    seconds,
    training_options,
)
from keras_regnoise.cli.report import show_report

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
    parser.add_argument(
        "--join",
        type=address,
        metavar="HOST:PORT",
        help="add this machine's workers to the search whose chief listens there; "
        "--out is the same folder, which both machines see",
    )
    parser.set_defaults(main=main)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add how the search is run."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=0,
        metavar="N",
        help="train N cells at a time in keras-tuner's chief and worker processes, "
        "each with its own GPU where there are GPUs",
    )
    parser.add_argument(
        "--listen",
        type=address,
        metavar="HOST:PORT",
        help="where the chief listens, for workers on other machines (default: a "
        "free port of this machine alone)",
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
    from keras_regnoise.studies.engine import execute as run

    study, source = registry.find(options.study)
    directory = options.out or Path("runs") / study.name
    if options.join:
        return _join(directory, options)
    plan = run.Plan(
        study,
        source,
        options.scale or default_scale(study),
        directory,
        tuple(options.arms),
        options.seeds,
        training_options(options, save_model=not options.no_models),
        **engine_options(options, options.scale or default_scale(study)),
    )
    return execute(plan, options)


def default_scale(study: Any) -> str:
    """Return the smallest scale of a study."""
    return str(next(iter(study.recipes)))


def engine_options(options: argparse.Namespace, scale: str) -> dict[str, Any]:
    """Return the fields of `Plan` that `add_engine` is about."""
    return {
        "retry_failed": options.retry_failed,
        "workers": options.workers or int(bool(options.listen)),
        "listen": options.listen or "",
        "cells_per_process": cells_per_process(options, scale),
        "timeout_s": options.timeout,
    }


def cells_per_process(options: argparse.Namespace, scale: str) -> int:
    """Return after how many cells a training process is replaced."""
    return int(options.cells_per_process or (1 if scale == "paper" else 32))


def execute(plan: Any, options: argparse.Namespace) -> int:
    """Train the cells of a plan, then report on the whole folder."""
    from keras_regnoise.cli.progress import Reporter
    from keras_regnoise.studies import folder
    from keras_regnoise.studies.engine import execute as run
    from keras_regnoise.studies.engine.roles import TimeLimitError
    from keras_regnoise.studies.engine.supervisor import SupervisorError

    total = len(plan.manifest()["cells"])
    records: Mapping[str, Any] = {}
    trouble = ""
    with Reporter(total, plan.study.metric) as reporter:
        if options.overwrite and (moved := folder.set_aside(plan.directory)):
            reporter.say(f"What was in {plan.directory} is now in {moved}.")
        try:
            records = run.execute(plan, reporter)
        except KeyboardInterrupt:
            trouble = "Interrupted. Run the same command again to go on."
        except TimeLimitError:
            trouble = "The time is up. Run the same command again to go on."
        except (SupervisorError, folder.RecordError) as error:
            trouble = str(error)
        summary = reporter.summary()
    if trouble:
        complain(f"{summary}. {trouble}")
    if (plan.directory / "study.json").exists():
        show_report(plan.directory, "table", tensorboard=options.tensorboard)
    if trouble:
        return INCOMPLETE
    return _conclude(records)


def _conclude(records: Mapping[str, Any]) -> int:
    failed = [r for r in records.values() if r["status"] == "failed"]
    if not failed:
        return DONE
    for record in failed:
        complain(f"{record['cell']} failed: {record['error']}")
    complain(f"{len(failed)} failed; train them again with --retry-failed.")
    return INCOMPLETE


def _join(directory: Path, options: argparse.Namespace) -> int:
    from keras_regnoise.cli.progress import Reporter
    from keras_regnoise.studies import folder
    from keras_regnoise.studies.engine import execute as run
    from keras_regnoise.studies.engine.supervisor import SupervisorError

    manifest = folder.read_manifest(directory)
    metric = manifest["description"]["metric"]
    with Reporter(len(manifest["chosen"]), metric) as reporter:
        try:
            run.join(
                directory,
                options.join,
                options.workers or 1,
                cells_per_process(options, manifest["scale"]),
                reporter,
            )
        except KeyboardInterrupt:
            return INCOMPLETE
        except SupervisorError as error:
            complain(error)
            return INCOMPLETE
    return DONE
