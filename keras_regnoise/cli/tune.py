"""`tune module:build_model`: which noise, where and how strong, for your own model."""

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from keras_regnoise.cli.arguments import (
    Commands,
    add_engine,
    add_training,
    at_least,
    path,
    positive,
    rate,
    seconds,
    seeds,
    training_options,
)
from keras_regnoise.cli.common import DONE, complain
from keras_regnoise.cli.report import show_rendered
from keras_regnoise.cli.run import NEEDS, execute
from keras_regnoise.cli.signals import interruptible
from keras_regnoise.studies._atomic import write_text

if TYPE_CHECKING:
    from keras_regnoise.studies.engine.plan import Plan
    from keras_regnoise.studies.tune import Tuning


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
        "build",
        metavar="BUILD",
        help="module:function or file.py:function that returns a compiled model, or "
        "the .keras file of one",
    )
    parser.add_argument(
        "--data",
        required=True,
        metavar="DATA",
        help="an .npz file, a CSV file (see --target), the name of a data set, or "
        "module:function that returns (x, y), or (x, y), (x_val, y_val), or these and "
        "(x_test, y_test); a tf.data.Dataset or a PyDataset in the place of a pair",
    )
    parser.add_argument(
        "--target", default="", metavar="COLUMN", help="of a CSV file (default: label)"
    )
    parser.add_argument(
        "--folds",
        type=at_least(2, "folds"),
        default=0,
        metavar="K",
        help="for small data: each seed validates on another K-th of the training data",
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
        help="how strong (default: 0.1 0.3 0.5)",
    )
    parser.add_argument(
        "--placements",
        nargs="+",
        default=(),
        metavar="PLACE",
        help="where (default: before_weights after_activation before_head). If BUILD "
        "takes hp, its own hyperparameters are searched, and noise is added only if "
        "one of these three is given",
    )
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--batch-size", type=positive, default=32)
    add_race(parser)
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
    from keras_regnoise.studies.engine.plan import Plan
    from keras_regnoise.studies.engine.tune import prepared
    from keras_regnoise.studies.tune import Tuning, digest_of
    from keras_regnoise.studies.user_code import absolute

    training = training_options(options, save_model=False)
    race = options.race == "on"
    tuning = Tuning(
        build=absolute(options.build),
        data=absolute(options.data),
        layers=tuple(options.layers),
        rates=tuple(options.rates),
        placements=tuple(options.placements),
        epochs=options.epochs,
        batch_size=options.batch_size,
        seeds=options.seeds or tuple(range(4 if race else 10)),
        objective=options.objective,
        direction=options.direction,
        race=race,
        trainings=options.trainings,
        budget_s=options.budget,
        measure=options.measure,
        folds=options.folds,
        target=options.target,
        digest=digest_of(options.build, options.data),
    )
    with interruptible():
        tuning = prepared(tuning, training).with_budget(options.workers)
    plan = Plan(
        study=tuning.study(),
        source=tuning.source,
        scale="short",
        directory=options.out,
        options=training,
        retry_failed=options.retry_failed,
        force=options.force,
    )
    if options.plan:
        return show_plan(plan, tuning)
    code = execute(plan, options, race=True)
    if not options.no_models and (options.out / "study.json").exists():
        write_best(options.out)
    return code


def add_race(parser: argparse.ArgumentParser) -> None:
    """Add how the seeds are given."""
    parser.add_argument(
        "--race",
        choices=("on", "off"),
        default="on",
        help="whether arms that are behind get no more seeds (default: on)",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        "--trainings",
        type=positive,
        metavar="N",
        help="budget in trainings (default: 10 for each arm)",
    )
    budget.add_argument(
        "--budget",
        type=seconds,
        metavar="TIME",
        help="budget in time of training: 90s, 15m or 2h",
    )
    parser.add_argument(
        "--seeds",
        type=seeds,
        default=(),
        metavar="SEEDS",
        help="of the first round (default: 0-3), without a race of every arm (0-9)",
    )
    parser.add_argument(
        "--measure",
        type=at_least(3, "seeds"),
        default=12,
        metavar="N",
        help="fresh seeds that the winner is measured with (default: 12)",
    )
    parser.add_argument(
        "--plan", action="store_true", help="show the arms of the race; train nothing"
    )


def show_plan(plan: "Plan", tuning: "Tuning") -> int:
    """Print the table as it will be, and what the race may cost."""
    from keras_regnoise.studies import report
    from keras_regnoise.studies.run import Run

    run = Run(plan.directory, plan.manifest())
    show_rendered(report.render(report.summarize(run), run))
    count = len(tuning.arms)
    names = sum(name.count(" = ") for name in tuning.arms)
    budget = "no budget" if tuning.budget_s is None else f"{tuning.budget_s:g} s"
    if tuning.trainings is not None:
        budget = f"{tuning.trainings} trainings at most"
    complain(
        f"{count} arms ({names} more names are of the same models); {budget}; the "
        f"winner is measured with {tuning.measure} fresh seeds"
    )
    return DONE


def write_best(directory: Path) -> None:
    """Write the winner's model, without its noise and with it, and how to make it."""
    from keras_regnoise.cli import export
    from keras_regnoise.studies.best import best_arm, cells_by_score, code_of_best
    from keras_regnoise.studies.race import standing_of
    from keras_regnoise.studies.run import Run

    run = Run.open(directory)
    standing = standing_of(run)
    if standing is None or standing.end in ("", "failed"):
        return
    arm = best_arm(run)
    cell, file = cells_by_score(run, arm)[0], directory / "best.keras"
    if not run.model_of(cell).exists():
        complain(f"training {cell} once more, to have its model")
        export.train_again(directory, cell)
    export.export(directory, cell, "keras", file.resolve())
    complain(f"wrote {file}, the model of {cell}")
    noisy, code = directory / "best_noisy.keras", directory / "best.py"
    for former in (noisy, code):
        former.unlink(missing_ok=True)
    if standing.won:
        shutil.copyfile(run.model_of(cell), noisy)
        write_text(code, code_of_best(run))
        complain(f"wrote {noisy}, the same with its noise, and {code}, which makes it")
