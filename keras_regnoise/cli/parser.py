"""The parser of the command: what is wrong with an argument is told in a line."""

import argparse
import importlib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from keras_regnoise._version import __version__
from keras_regnoise.cli.common import UsageError, write
from keras_regnoise.studies.input_error import nearest

COMMANDS = (
    *("list", "describe", "plan", "run", "status", "report", "compare", "export"),
    *("tune", "doctor"),
)


class Parser(argparse.ArgumentParser):
    """A parser that raises, and takes no abbreviations: options may be added."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice:
            value, known = choice.groups()
            message += "." + nearest(value, re.findall(r"[\w-]+", known))
        if message.startswith("the following arguments are required"):
            message += "; they come before the options"
        self.refuse(message)

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is."""
        end = "" if message.endswith(("?", ".")) else "."
        raise UsageError(f"{message}{end} See: {self.prog} --help")

    @property
    def known_options(self) -> list[str]:
        """Names of the options."""
        return re.findall(r"--[\w-]+", self.format_usage())


class _Completion(argparse.Action):
    """Prints a script for the shell; shtab is imported by those who ask for one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        import shtab

        write(shtab.complete(parser, str(values)) + "\n")
        parser.exit()


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the arguments, `sys.argv` by default.

    Raises:
        UsageError: If there is one to correct.
    """
    parser = Parser(
        prog="keras-regnoise",
        description="Find out which noise helps, where, and how much of it.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--print-completion",
        action=_Completion,
        choices=("bash", "zsh", "tcsh"),
        help="print a script for your shell",
    )
    parser.set_defaults(needs=())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"keras_regnoise.cli.{name}").add(commands)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        _refuse(commands.choices[options.command], unknown[0])
    return options


def _refuse(parser: Parser, argument: str) -> NoReturn:
    name = argument.partition("=")[0]
    if name.startswith("-"):
        parser.refuse(
            f"there is no option {name}.{nearest(name, parser.known_options)}"
        )
    parser.refuse(
        f"{argument!r} is one argument too many; quote a path or a pattern with spaces"
    )
