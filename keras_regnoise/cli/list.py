"""`list`: the studies that there are."""

import argparse

from keras_regnoise.cli.arguments import Commands, add_format
from keras_regnoise.cli.common import DONE, INCOMPLETE, complain, show
from keras_regnoise.cli.find import find_study
from keras_regnoise.studies.input_error import InputError


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="name the studies")
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print the studies."""
    from keras_regnoise.studies import registry

    studies, code = [], DONE
    for name in registry.names():
        try:
            studies.append(find_study(name)[0])
        except InputError as error:  # another package's, which can't be imported
            complain(error)
            code = INCOMPLETE
    show(
        [
            {
                "study": study.name,
                "what it finds out": study.title,
                "paper": f"{study.paper}, {study.table}".strip(", "),
                "data": study.data,
                "scales": " ".join(study.recipes),
                "arms": len(study.arms),
            }
            for study in studies
        ],
        options.format,
    )
    return code
