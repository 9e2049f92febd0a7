"""`report DIR`: what came out; nothing is trained."""

import argparse
from pathlib import Path
from shlex import quote

from keras_regnoise.cli.arguments import Commands, add_directory, add_format
from keras_regnoise.cli.common import DONE, INCOMPLETE, complain, show_rich, write


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="table, figure, CSV, Parquet and an HTML page of a run",
        description="Report on a run, finished or not. Trains nothing.",
    )
    add_directory(parser)
    add_format(parser)
    parser.add_argument(
        "--metric", help="another metric than the headline, such as best_test_accuracy"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard's HParams logs"
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Write the report's files and print its table."""
    return show_report(
        options.directory,
        options.format,
        tensorboard=options.tensorboard,
        metric=options.metric,
    )


def show_report(
    directory: Path, form: str, tensorboard: bool = False, metric: str | None = None
) -> int:
    """Write the report's files and print its table."""
    from keras_regnoise.studies import report
    from keras_regnoise.studies.engine.plan import reopen
    from keras_regnoise.studies.run import WriteError

    run = reopen(directory)
    show_rendered(report.render(report.summarize(run, metric), run, form))
    try:
        files = report.write_report(run, metric)
        if tensorboard:
            files.append(report.write_tensorboard(run, directory / "tensorboard"))
    except OSError as error:
        raise WriteError(
            f"Can't write the report: {error}. The results are safe; make room and "
            f"run: keras-regnoise report {quote(str(directory))}"
        ) from error
    for file in files:
        complain(f"wrote {file}")
    return DONE if run.complete else INCOMPLETE


def show_rendered(rendered: object) -> None:
    """Print what the report renders: text, or a table of Rich's."""
    if isinstance(rendered, str):
        write(rendered if rendered.endswith("\n") else f"{rendered}\n")
    else:
        show_rich(rendered)
