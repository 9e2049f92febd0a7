"""`tune module:build_model`: which noise, where and how strong, for your own model."""

import argparse
from pathlib import Path

from keras_regnoise.cli.arguments import (
    Commands,
    add_engine,
    add_training,
    path,
    positive,
    rate,
    seeds,
    training_options,
)
from keras_regnoise.cli.common import complain
from keras_regnoise.cli.run import NEEDS, execute


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "tune",
        help="which noise, where and how strong, for your own model",
        description="Search the noise for a Keras model of your own. BUILD returns a "
        "compiled model; noise is put into it, or it calls "
        "keras_regnoise.tuning.noise(hp, NAME) itself.",
    )
    parser.add_argument(
        "build", metavar="BUILD", help="module:function or file.py:function"
    )
    parser.add_argument(
        "--data",
        required=True,
        metavar="DATA",
        help="name of a data set, or module:function that returns (x, y) or "
        "(x, y), (x_val, y_val)",
    )
    parser.add_argument(
        "--layers", nargs="+", default=["dropout", "rotationout"], metavar="LAYER"
    )
    parser.add_argument(
        "--rates", nargs="+", type=rate, default=[0.1, 0.2, 0.3], metavar="RATE"
    )
    parser.add_argument(
        "--placements",
        nargs="+",
        default=["before_weights", "after_activation"],
        metavar="PLACE",
    )
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--batch-size", type=positive, default=32)
    parser.add_argument("--seeds", type=seeds, default=(0, 1, 2), metavar="SEEDS")
    parser.add_argument(
        "--objective", default="val_accuracy", help="default: val_accuracy"
    )
    parser.add_argument("--out", type=path, default=Path("runs/tune"), metavar="DIR")
    add_training(parser)
    add_engine(parser)
    parser.set_defaults(main=main, needs=NEEDS)


def main(options: argparse.Namespace) -> int:
    """Search, report, and write the best model without its noise."""
    from keras_regnoise.cli import export
    from keras_regnoise.studies import user_code
    from keras_regnoise.studies.engine import tune
    from keras_regnoise.studies.engine.plan import Plan

    specification = {
        "build": user_code.absolute(options.build),
        "data": user_code.absolute(options.data),
        "layers": options.layers,
        "rates": options.rates,
        "placements": options.placements,
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "seeds": list(options.seeds),
        "objective": options.objective,
    }
    specification["arms"] = tune.enumerate_arms(specification)
    study = tune.tuning_study(**specification)
    plan = Plan(
        study=study,
        source={"tune": specification},
        scale="short",
        directory=options.out,
        options=training_options(options, save_model=not options.no_models),
        retry_failed=options.retry_failed,
        force=options.force,
    )
    code = execute(plan, options)
    if (options.out / "models").exists():
        cell, file = export.best_model(options.out), options.out / "best.keras"
        export.export(options.out, cell, "keras", file.resolve())
        complain(f"wrote {file}, the model of {cell}")
    return code
