"""`report DIR` and `compare DIR DIR`: what came out; nothing is trained."""

import argparse
from pathlib import Path
from typing import Any

from keras_regnoise.cli.common import (
    DONE,
    INCOMPLETE,
    add_format,
    complain,
    console,
)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="table, figure, CSV, Parquet and an HTML page of a run",
        description="Report on a run, finished or not. Trains nothing.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    add_format(parser)
    parser.add_argument(
        "--metric", help="another metric than the headline, such as best_test_accuracy"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard's HParams logs"
    )
    parser.set_defaults(
        main=lambda options: show_report(
            options.directory,
            options.format,
            tensorboard=options.tensorboard,
            metric=options.metric,
        )
    )
    parser = commands.add_parser(
        "compare",
        help="the second run against the first, arm by arm",
        description="Compare two runs of a study, arm by arm and in pairs of equal "
        "seeds. Exit code 1 if an arm of the second is worse beyond its interval.",
    )
    parser.add_argument("first", type=Path, metavar="DIR")
    parser.add_argument("second", type=Path, metavar="DIR")
    add_format(parser)
    parser.set_defaults(main=compare)


def show_report(
    directory: Path, form: str, tensorboard: bool = False, metric: str | None = None
) -> int:
    """Write the report's files and print its table."""
    from keras_regnoise.studies import report
    from keras_regnoise.studies.engine.plan import reopen
    from keras_regnoise.studies.run import WriteError

    run = reopen(directory)
    manifest, records = _contents(run)
    summaries = report.summarize(manifest, records, metric)
    _print(report.render(summaries, manifest, form))
    try:
        files = report.write_report(manifest, records, directory, metric)
        if tensorboard:
            place = directory / "tensorboard"
            files.append(report.write_tensorboard(manifest, records, place))
    except OSError as error:
        raise WriteError(
            f"Can't write the report: {error}. The results are safe; make room and "
            f"run: keras-regnoise report {directory}"
        ) from error
    for file in files:
        complain(f"wrote {file}")
    return DONE if run.complete else INCOMPLETE


def compare(options: argparse.Namespace) -> int:
    """Compare two runs."""
    from keras_regnoise.studies import report
    from keras_regnoise.studies.engine.plan import reopen

    first, second = map(_contents, map(reopen, (options.first, options.second)))
    comparisons = report.compare(*first, *second)
    _print(report.render(comparisons, first[0], options.format))
    worse = any(comparison.significantly_worse for comparison in comparisons)
    return INCOMPLETE if worse else DONE


def _contents(run: Any) -> tuple[Any, Any]:
    manifest = run.manifest.as_json()
    manifest["cells"] = [
        {
            "id": cell.id,
            "arm": cell.arm.name,
            "group": cell.arm.group,
            "values": dict(cell.arm.values),
            "seed": cell.seed,
        }
        for cell in run.manifest.cells
    ]
    return manifest, [record.as_json() for record in run.records]


def _print(rendered: Any) -> None:
    if isinstance(rendered, str):
        print(rendered, end="" if rendered.endswith("\n") else "\n")
    else:
        console().print(rendered)
