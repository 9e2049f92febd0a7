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
from keras_regnoise.cli.signals import interruptible


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
        help="name of a data set, or module:function that returns (x, y), or "
        "(x, y), (x_val, y_val), or these and (x_test, y_test)",
    )
    parser.add_argument(
        "--layers",
        nargs="+",
        default=(),
        metavar="LAYER",
        help="kinds of noise (default: dropout rotationout)",
    )
    parser.add_argument(
        "--rates",
        nargs="+",
        type=rate,
        default=(),
        metavar="RATE",
        help="how strong (default: 0.1 0.2 0.3)",
    )
    parser.add_argument(
        "--placements",
        nargs="+",
        default=(),
        metavar="PLACE",
        help="where (default: before_weights after_activation). If BUILD takes hp, its "
        "own hyperparameters are searched, and noise is added only if one of these "
        "three is given",
    )
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--batch-size", type=positive, default=32)
    parser.add_argument("--seeds", type=seeds, default=(0, 1, 2), metavar="SEEDS")
    parser.add_argument(
        "--objective", default="val_accuracy", help="default: val_accuracy"
    )
    parser.add_argument(
        "--direction",
        choices=("max", "min"),
        help="whether more or less of it is better (default: told by its name)",
    )
    parser.add_argument("--out", type=path, default=Path("runs/tune"), metavar="DIR")
    add_training(parser)
    add_engine(parser)
    parser.set_defaults(main=main, needs=NEEDS)


def main(options: argparse.Namespace) -> int:
    """Search, report, and write the best model without its noise."""
    from keras_regnoise.cli import export
    from keras_regnoise.studies.engine.plan import Plan
    from keras_regnoise.studies.engine.tune import prepared
    from keras_regnoise.studies.tune import Tuning
    from keras_regnoise.studies.user_code import absolute

    training = training_options(options, save_model=not options.no_models)
    tuning = Tuning(
        build=absolute(options.build),
        data=absolute(options.data),
        layers=tuple(options.layers),
        rates=tuple(options.rates),
        placements=tuple(options.placements),
        epochs=options.epochs,
        batch_size=options.batch_size,
        seeds=options.seeds,
        objective=options.objective,
        direction=options.direction,
    )
    with interruptible():
        tuning = prepared(tuning, training)
    plan = Plan(
        study=tuning.study(),
        source=tuning.source,
        scale="short",
        directory=options.out,
        options=training,
        retry_failed=options.retry_failed,
        force=options.force,
    )
    code = execute(plan, options)
    if (options.out / "models").exists():
        cell, file = export.best_model(options.out), options.out / "best.keras"
        export.export(options.out, cell, "keras", file.resolve())
        complain(f"wrote {file}, the model of {cell}")
    return code
