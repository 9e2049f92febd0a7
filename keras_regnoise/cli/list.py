"""`list`: the studies that there are, paper by paper."""

import argparse
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from keras_regnoise.cli.arguments import Commands, add_format, path
from keras_regnoise.cli.common import DONE, INCOMPLETE, complain, show, write
from keras_regnoise.cli.find import find_study
from keras_regnoise.studies.input_error import InputError

if TYPE_CHECKING:
    from keras_regnoise.studies.study import Study

_NO_PAPER = "Of no paper"
_FOOT = (
    "here: whether the data are. steps: of training, of all cells; how long they\n"
    "take on this machine says `keras-regnoise plan STUDY --scale SCALE`."
)
_MOST = 3  # sets that are named
Row = dict[str, object]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "list",
        help="name the studies, paper by paper",
        description="List the studies paper by paper: the table or figure, and for "
        "every scale its data, whether they are here, its cells and the training "
        "steps of all of them; `plan` says how long that takes on this machine.",
    )
    parser.add_argument(
        "--data-dir", type=path, metavar="DIR", help="folder of the data sets"
    )
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print the studies, those of a paper together."""
    from keras_regnoise.studies import registry

    studies, code = [], DONE
    for name in registry.names():
        try:
            studies.append(find_study(name)[0])
        except InputError as error:  # another package's, which can't be imported
            complain(error)
            code = INCOMPLETE
    papers = list(dict.fromkeys(study.paper for study in studies))
    studies.sort(key=lambda study: papers.index(study.paper))
    if options.format != "table":
        rows = [row for s in studies for row in rows_of(s, options.data_dir)]
        show(rows, options.format)
        return code
    for number, (paper, group) in enumerate(groupby(studies, lambda s: s.paper)):
        write("\n" if number else "")
        _show_paper(paper, list(group), options.data_dir)
    write(f"\n{_FOOT}\n")
    return code


def rows_of(study: "Study", folder: Path | None) -> list[Row]:
    """Return a row for every scale of a study: its data, cells and training steps."""
    return [
        {
            "paper": study.paper,
            "study": study.name,
            "table": study.table,
            "what it finds out": study.title,
            "scale": scale,
            **_size(study, scale, folder),
        }
        for scale in study.recipes
    ]


def _size(study: "Study", scale: str, folder: Path | None) -> Row:
    from keras_regnoise import datasets
    from keras_regnoise.studies.user_code import is_function

    recipe, cells = study.recipe(scale), study.cells(scale)
    names = list(dict.fromkeys(cell.arm.data or study.data for cell in cells))
    here = sum(is_function(name) or datasets.is_here(name, folder) for name in names)
    steps = 0
    for cell in cells:
        of_group = recipe.of(cell.arm.group)
        known = datasets.train_examples(cell.arm.data or study.data)
        examples = min((n for n in (known, recipe.examples) if n), default=0)
        steps += of_group.epochs * (examples // of_group.batch_size)
    return {
        "data": _data(names),
        "here": _here(here, len(names)),
        "arms": len({str(cell.arm) for cell in cells}),
        "cells": len(cells),
        "steps": steps or "",
    }


def _data(names: Sequence[str]) -> str:
    """Name the data; of a function its name."""
    from keras_regnoise.studies.user_code import is_function

    if len(names) > _MOST:
        return f"{len(names)} sets"
    return ", ".join(n.rpartition(":")[2] if is_function(n) else n for n in names)


def _here(here: int, count: int) -> str:
    if here in (0, count):
        return "yes" if here else "no"
    return f"{here} of {count}"


def _show_paper(paper: str, studies: "list[Study]", folder: Path | None) -> None:
    """Print the scales of the studies of a paper, below what each finds out."""
    rows: list[Row] = []
    above = {}
    for study in studies:
        table = f" ({study.table})" if study.table else ""
        above[len(rows)] = f"{study.name}{table}: {study.title}"
        rows += [
            {
                "scale": f"  {row['scale']}",
                **{name: row[name] for name in ("data", "here", "cells")},
                "steps": _in_words(row["steps"]),
            }
            for row in rows_of(study, folder)
        ]
    show(rows, "table", paper or _NO_PAPER, above)


def _in_words(steps: object) -> str:
    if not isinstance(steps, int) or steps < 1000:
        return str(steps)
    number, unit = (steps / 1e3, "k") if steps < 1e6 else (steps / 1e6, "M")
    return f"{number:.3g} {unit}"
