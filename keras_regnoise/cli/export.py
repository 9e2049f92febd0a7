"""`export DIR --best`: the best model of a run, without its noise."""

import argparse
from pathlib import Path

from keras_regnoise.cli.arguments import Commands, add_directory, path
from keras_regnoise.cli.common import DONE, UsageError, complain
from keras_regnoise.cli.signals import interruptible
from keras_regnoise.studies.best import best_arm, best_cell
from keras_regnoise.studies.engine.export import FORMATS
from keras_regnoise.studies.engine.plan import reopen


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "export",
        help="write the best model of a run for deployment, without its noise",
        description="Write the model of the arm with the best mean of the validation "
        "metric, and of its seeds the best. Its noise layers are taken out, so that it "
        "loads where keras_regnoise is not installed, if the layers that are left are "
        "Keras's own.",
    )
    add_directory(parser)
    parser.add_argument(
        "--best", action="store_true", required=True, help="by the validation metric"
    )
    parser.add_argument("--to", choices=FORMATS, default="keras", help="default: keras")
    parser.add_argument(
        "--output", type=path, metavar="PATH", help="default: DIR/best.keras, ..."
    )
    parser.set_defaults(main=main, needs=("keras_tuner", "distributed"))


def main(options: argparse.Namespace) -> int:
    """Write the best model."""
    cell = best_model(options.directory)
    target = options.output or options.directory / f"best{FORMATS[options.to]}"
    export(options.directory, cell, options.to, target.resolve())
    complain(f"wrote {target}, the model of {cell}")
    return DONE


def export(directory: Path, cell: str, form: str, target: Path) -> None:
    """Strip a saved model of its noise and write it in another form.

    In a worker, which knows what the training knew.
    """
    from keras_regnoise.studies.engine.cluster import Workers, open_pool
    from keras_regnoise.studies.engine.export import export_model

    run = reopen(directory)
    with interruptible(), open_pool(Workers(), run.logs) as pool:
        reason = pool.run(export_model, directory.resolve(), cell, form, target)
    if reason:
        raise UsageError(f"Can't export the model of {cell} to {form}: {reason}")


def train_again(directory: Path, cell: str) -> None:
    """Train a cell once more in a worker, and save its model."""
    from keras_regnoise.studies.engine.again import save_model_of
    from keras_regnoise.studies.engine.cluster import Workers, open_pool

    logs = reopen(directory).logs
    with interruptible(), open_pool(Workers(), logs) as pool:
        reason = pool.run(save_model_of, directory.resolve(), cell)
    if reason:
        raise UsageError(f"Can't train {cell} once more: {reason}")


def best_model(directory: Path) -> str:
    """Name the best cell, by the objective, of the best arm."""
    run = reopen(directory)
    return best_cell(run, best_arm(run))
