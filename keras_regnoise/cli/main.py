"""The command `keras-regnoise`."""

import argparse
import contextlib
import importlib.util
import sys
from collections.abc import Sequence

from keras_regnoise._version import __version__
from keras_regnoise.cli.common import USAGE, UsageError, complain

_EXTRAS = ("keras_tuner", "six", "distributed", "sklearn", "matplotlib", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 done, 1 incomplete, 2 usage."""
    if missing := _missing_extras():
        complain(
            f"{missing} is missing. Studies need more than the layers do; install it "
            "with: pip install 'keras-regnoise[tensorflow,studies]'"
        )
        return USAGE
    options = _parser().parse_args(arguments)
    from keras_regnoise.studies.engine.errors import ClusterError
    from keras_regnoise.studies.run import FolderError

    try:
        return int(options.main(options))
    except (UsageError, FolderError, ClusterError, ImportError, ValueError) as error:
        complain(error)
        return USAGE
    except BrokenPipeError:  # the reader, such as `head`, has enough
        sys.stdout = None
        return 0


def _parser() -> argparse.ArgumentParser:
    from keras_regnoise.cli import doctor, export, report, run, show, tune

    parser = argparse.ArgumentParser(
        prog="keras-regnoise",
        description="Find out which noise helps, where, and how much of it.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (show, run, report, export, doctor, tune):
        module.add(commands)
    with contextlib.suppress(ImportError):
        import shtab

        shtab.add_argument_to(
            parser, "--print-completion", help="print a script for your shell"
        )
    return parser


def _missing_extras() -> str:
    return ", ".join(n for n in _EXTRAS if importlib.util.find_spec(n) is None)


if __name__ == "__main__":
    sys.exit(main())
