"""The command `keras-regnoise`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from keras_regnoise._version import __version__

STUDIES = ("keep-rate",)
_DONE, _INCOMPLETE, _USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 done, 1 incomplete, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        import keras_tuner  # noqa: F401
        import matplotlib  # noqa: F401
        import rich  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        print(
            f"keras-regnoise: {error}. Studies need more than the layers do; install "
            "it with: pip install 'keras-regnoise[tensorflow,studies]'",
            file=sys.stderr,
        )
        return _USAGE
    return _run(options.quick, options.out or Path("runs") / options.study)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keras-regnoise",
        description="Find out which noise helps, where, and how much of it.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="train a study and report it",
        description="Train every cell of a study, and write a table and a figure.",
    )
    run.add_argument("study", choices=STUDIES, help="name of the study")
    run.add_argument(
        "--quick", action="store_true", help="fewer rates and seeds, under 2 minutes"
    )
    run.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results (default: runs/STUDY); what is in it is moved "
        "aside, not overwritten",
    )
    return parser


def _run(quick: bool, directory: Path) -> int:
    from keras_regnoise.progress import Reporter
    from keras_regnoise.studies import keep_rate, search

    try:
        directory, moved = search.fresh_directory(directory)
    except OSError as error:
        print(
            f"keras-regnoise: can't write to {directory}: {error}. Choose another "
            "folder with --out DIR.",
            file=sys.stderr,
        )
        return _USAGE
    cells = keep_rate.grid(quick)
    rows: list[search.Row] = []
    with Reporter(len(cells)) as reporter:
        if moved:
            reporter.say(f"The results that were in {directory} are now in {moved}.")
        try:
            rows = search.run(cells, directory, reporter)
        except KeyboardInterrupt:
            reporter.say("Interrupted.")
        except RuntimeError as error:  # keras-tuner, after three failures in a row
            reporter.say(str(error).splitlines()[0])
    if len(rows) < len(cells):
        print(
            f"keras-regnoise: incomplete, {reporter.done} of {len(cells)} cells are "
            f"done, so there is no table. Their rows are in "
            f"{directory / 'results.csv'}; run the command again for all of them.",
            file=sys.stderr,
        )
        return _INCOMPLETE
    _report(rows, directory)
    return _DONE


def _report(rows: "list[dict[str, object]]", directory: Path) -> None:
    from rich.console import Console

    from keras_regnoise import report
    from keras_regnoise.studies.keep_rate import BASELINE

    summaries = report.summarize(rows, "test_accuracy", BASELINE)
    title = "Test accuracy on handwritten digits, %"
    console = Console(width=None if sys.stdout.isatty() else 100)
    table = report.summary_table(summaries, title, BASELINE)
    console.print(table)
    report.write_summary(summaries, directory / "summary.csv")
    report.keep_rate_figure(
        summaries,
        BASELINE,
        "Noise in a small ConvNet on handwritten digits: squares are means with 95 % "
        "intervals, dots are seeds",
        directory / "figure.png",
    )
    if min(arm.value.count for arm in summaries) < 3:
        print("Two seeds tell little, and an interval of two tells less than it shows.")
    print(
        f"Differences are paired by seed; ± is half a 95 % interval (Student's t).\n"
        f"Figure: {directory / 'figure.png'}\n"
        f"Rows:   {directory / 'results.csv'}\n"
        f"Table:  {directory / 'summary.csv'}"
    )


if __name__ == "__main__":
    sys.exit(main())
