"""Arguments that several commands share, and how they are read."""

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from keras_regnoise.cli.common import FORMATS
from keras_regnoise.studies.run import Options

_LARGEST_SEED = 2**31 - 1  # that every backend takes
_MOST_SEEDS = 10_000
_SEEDS = re.compile("([0-9]{1,10})(?:-([0-9]{1,10}))?")
_UNITS = {"s": 1, "m": 60, "h": 3600}


class Commands(Protocol):
    """What argparse returns for the commands of a parser."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser: ...


class _StudyAction(argparse.Action):
    """The name of a study; which there are is looked up for completion alone."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)

    @property
    def complete(self) -> dict[str, str]:
        """What shtab offers. Not `choices`: a file is a study too."""
        from keras_regnoise.studies.registry import names

        return {"bash": "_shtab_compgen_files", "zsh": f"({' '.join(names())})"}


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add `--format`."""
    parser.add_argument(
        "--format", choices=FORMATS, default="table", help="default: table"
    )


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the name of a study."""
    parser.add_argument(
        "study",
        action=_StudyAction,
        metavar="STUDY",
        help="name of a study (see `keras-regnoise list`), or a Python file",
    )


def add_directory(parser: argparse.ArgumentParser, name: str = "directory") -> None:
    """Add the folder of a run."""
    parser.add_argument(name, type=path, metavar="DIR", help="folder of a run")


def add_grid(parser: argparse.ArgumentParser) -> None:
    """Add which cells, and where."""
    parser.add_argument("--scale", help="smoke, short or paper (default: the smallest)")
    parser.add_argument(
        "--arms",
        nargs="+",
        action="extend",
        default=[],
        metavar="PATTERN",
        help="only these arms or groups, such as 'Dropout*'",
    )
    parser.add_argument(
        "--seeds",
        type=seeds,
        default=(),
        metavar="SEEDS",
        help="instead of the recipe's: 0-4 or 0,2,5",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder of the run (default: runs/STUDY)",
    )


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add how a cell is trained."""
    parser.add_argument(
        "--data-dir", type=path, metavar="DIR", help="folder of the data sets"
    )
    parser.add_argument(
        "--mixed-precision",
        choices=("float16", "bfloat16"),
        nargs="?",
        const="bfloat16",
        help="default when given: bfloat16",
    )
    parser.add_argument(
        "--jit",
        choices=("auto", "on", "off"),
        nargs="?",
        const="on",
        default="auto",
        help="whether to compile with XLA (default: Keras's own choice)",
    )
    parser.add_argument(
        "--distribute",
        action="store_true",
        help="train every cell on all visible devices",
    )


def training_options(options: argparse.Namespace, save_model: bool) -> Options:
    """Return how a cell is trained."""
    precision, place = options.mixed_precision, options.data_dir
    return Options(
        precision=f"mixed_{precision}" if precision else "float32",
        jit=options.jit,
        data_dir=str(place.resolve()) if place else "",
        distribute=options.distribute,
        save_model=save_model,
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add how the search is run."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="train N cells at a time, each in a process of its own and with its own "
        "GPU where there are GPUs (default: 1)",
    )
    parser.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="train on a Dask cluster that exists: its scheduler's address, such as "
        "tcp://192.0.2.1:8786, or its scheduler file",
    )
    parser.add_argument(
        "--dashboard", action="store_true", help="show Dask's dashboard of the workers"
    )
    parser.add_argument(
        "--cells-per-process",
        type=positive,
        metavar="N",
        help="cells after which the training process is replaced by a fresh one "
        "(default: 1 at the scale paper, else 32)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="TIME",
        help="end the run after 90s, 15m or 2h; run it again to go on",
    )
    parser.add_argument(
        "--retry-failed", action="store_true", help="train failed cells again"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on in a folder although the code has changed since its first cell",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="start anew; the results that are there move aside",
    )
    parser.add_argument(
        "--no-models", action="store_true", help="don't keep the best model of each arm"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard's HParams logs"
    )


def path(text: str) -> Path:
    """Parse a path; the empty one, of an unset variable, is not the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"a path; received {text!r}")
    return Path(text)


def seeds(text: str) -> tuple[int, ...]:
    """Parse `"0-4"` or `"0,2,5"`."""
    chosen: dict[int, None] = {}
    for part in text.split(","):
        match = _SEEDS.fullmatch(part.strip())
        first, last = map(int, match.groups(default=match[1])) if match else (1, 0)
        if not first <= last <= _LARGEST_SEED:
            raise argparse.ArgumentTypeError(
                "seeds are numbers and ranges up to 2^31 - 1, such as 0-4 or 0,2,5; "
                f"received {text!r}"
            )
        if last - first >= _MOST_SEEDS:
            raise argparse.ArgumentTypeError(
                f"{_MOST_SEEDS:,} seeds at most; received {text!r}"
            )
        chosen |= dict.fromkeys(range(first, last + 1))
    return tuple(chosen)


def seconds(text: str) -> float:
    """Parse `"90"`, `"90s"`, `"15m"` or `"2h"`."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        value = float(number) * _UNITS[unit]
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"a time is a number of seconds, or 90s, 15m, 2h; received {text!r}"
        )
    return value


def positive(text: str) -> int:
    """Parse a number of 1 or more."""
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of 1 or more; received {text!r}")
    return int(text)


def at_least(smallest: int, what: str) -> Callable[[str], int]:
    """Return what parses a number of some things, such as folds."""

    def parse(text: str) -> int:
        if (number := positive(text)) < smallest:
            raise argparse.ArgumentTypeError(
                f"{smallest} {what} or more; received {text!r}"
            )
        return number

    return parse


def rate(text: str) -> float:
    """Parse a drop probability."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            "a rate is the probability of dropping, from 0 up to 1, without 1; "
            f"received {text!r}"
        )
    return value
