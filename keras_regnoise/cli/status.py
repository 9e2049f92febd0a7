"""`status DIR`: how far a run is."""

import argparse

from keras_regnoise.cli.arguments import Commands, add_directory, add_format
from keras_regnoise.cli.common import DONE, INCOMPLETE, complain, show, write


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("status", help="how far a run is")
    add_directory(parser)
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print how far a run is, arm by arm."""
    from keras_regnoise.studies.engine.plan import reopen

    run = reopen(options.directory)
    rows = []
    for key in run.arms:
        done = sum(record.done for record in run.of_arm(key))
        failed = len(run.of_arm(key)) - done
        rows.append(
            {
                "group": key[0],
                "arm": key[1],
                "done": done,
                "failed": failed,
                "to do": run.planned(key) - done - failed,
            }
        )
    show(rows, options.format, f"{run.study}, {run.scale}")
    for record in run.failed:
        complain(f"{record.cell} failed: {record.error}")
    if options.format == "table":
        write(f"{run.progress}\n")
    return DONE if run.complete else INCOMPLETE
