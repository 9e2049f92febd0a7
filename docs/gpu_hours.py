"""Estimate the hours of a study at its paper's scale, for docs/artefacts.md.

From docs/throughput.csv (how fast a GPU trains ResNet-50, published), docs/networks.csv
(what a network computes, counted) and the records of docs/results (a step, timed here).
"""

import csv
from pathlib import Path

from keras_regnoise.cli.list import rows_of
from keras_regnoise.datasets import train_examples
from keras_regnoise.studies import Run, Study

DOCS = Path(__file__).parent
_HOUR = 3600.0
_WORKERS = 2  # on as many cores
_TIMED = ("vcl-uci",)  # whose networks at the scale `short` are some of the paper's
Row = dict[str, str]


def rows(file: str) -> list[Row]:
    """Return the rows of a table beside this file."""
    with (DOCS / file).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def reference() -> Row:
    """Return the published throughput."""
    (row,) = rows("throughput.csv")
    return row


def gpu_hours(study: Study) -> float | None:
    """Return the hours of all trainings on the GPU of the published throughput.

    A network is taken to train as many multiply-adds a second as ResNet-50 does. None
    where a network has not been counted: then that would say nothing.
    """
    counted = {(r["study"], r["group"], r["data"]): r for r in rows("networks.csv")}
    of_reference = counted["", reference()["network"], "imagenet2012"]
    rate = float(reference()["images_per_second"]) * int(of_reference["multiply_adds"])
    total = 0.0
    for cell in study.cells("paper") if "paper" in study.recipes else ():
        data, recipe = cell.arm.data or study.data, study.recipe("paper")
        row = counted.get((study.name, cell.arm.group, data))
        if row is None:
            return None
        of_group = recipe.of(cell.arm.group)
        batches = (train_examples(data) or 0) // of_group.batch_size
        images = of_group.epochs * batches * of_group.batch_size
        total += images * int(row["multiply_adds"])
    return total / rate / _HOUR if total else None


def cpu_hours(study: Study) -> float | None:
    """Return the hours on the two cores that ran a shorter scale, by its steps.

    None where no such run is recorded, or the network is another than the paper's.
    """
    folder = DOCS / "results" / study.name
    if study.name not in _TIMED or not (folder / "study.json").is_file():
        return None
    seconds = sum(record.fit_seconds or 0.0 for record in Run.open(folder).done)
    steps = {row["scale"]: row["steps"] for row in rows_of(study, None)}
    short, paper = steps["short"], steps["paper"]
    if not isinstance(short, int) or not isinstance(paper, int):
        return None
    return seconds / _WORKERS / short * paper / _HOUR
