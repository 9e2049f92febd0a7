"""Runs a grid of cells as a keras-tuner search and keeps one row per cell."""

import csv
import os
import platform
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import keras_tuner

import keras_regnoise
from keras_regnoise.progress import Reporter
from keras_regnoise.studies.keep_rate import NAME, Cell, KeepRate

Row = dict[str, Any]


class CellSearch(keras_tuner.GridSearch):  # type: ignore[misc]
    """Grid search whose trial is one cell, trained once, and reported when it ends.

    Args:
        hypermodel: The search space.
        rows: Gets one row per finished cell.
        file: CSV file that has the rows after every cell.
        reporter: Told of every cell that ends.
        **options: Those of `keras_tuner.GridSearch`.
    """

    def __init__(
        self,
        hypermodel: KeepRate,
        rows: list[Row],
        file: Path,
        reporter: Reporter,
        **options: Any,
    ) -> None:
        self.rows, self.file, self.reporter = rows, file, reporter
        self._start = time.perf_counter()
        super().__init__(hypermodel, objective="val_accuracy", **options)

    def run_trial(self, trial: Any, *arguments: Any, **keywords: Any) -> Any:
        start = time.perf_counter()
        cell = self.hypermodel.cell(trial.hyperparameters)
        try:
            model = self.hypermodel.build(trial.hyperparameters)
            metrics = self.hypermodel.fit(trial.hyperparameters, model)
        except Exception as error:
            self.reporter.say(f"{cell}: {type(error).__name__}: {error}")
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        now = time.perf_counter()
        self.rows.append(
            {"study": NAME, **vars(cell), **metrics, "seconds": now - start}
            | environment()
        )
        write_rows(self.rows, self.file)
        total, done = len(self.hypermodel.cells), len(self.rows)
        left = (now - self._start) / done * (total - done)
        result = f"{cell}: test accuracy {metrics['test_accuracy']:.4f}"
        self.reporter.update(done, total, left, result)
        return metrics


def run(cells: list[Cell], directory: Path, reporter: Reporter) -> list[Row]:
    """Train every cell and return the rows of those that finished.

    Args:
        cells: The grid.
        directory: An empty folder for `results.csv` and keras-tuner's own files.
        reporter: See `CellSearch`.
    """
    rows: list[Row] = []
    search = CellSearch(
        KeepRate(cells),
        rows,
        directory / "results.csv",
        reporter,
        directory=directory,
        project_name="search",
        overwrite=True,
    )
    search.search(verbose=0)
    return rows


def write_rows(rows: list[Row], file: Path) -> None:
    """Write a CSV file, whole or not at all."""
    draft = file.with_suffix(".tmp")
    with draft.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def environment() -> Row:
    """What a figure depends on besides the code of the study."""
    backend = keras.config.backend()
    return {
        "keras_regnoise": keras_regnoise.__version__,
        "keras": keras.__version__,
        "backend": f"{backend} {metadata.version(backend)}",
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
    }


def fresh_directory(path: Path) -> tuple[Path, Path | None]:
    """Make an empty folder at `path`; results that are there move beside it.

    Returns:
        The folder, and the new place of the earlier one or None.
    """
    moved = None
    if path.exists():
        if not path.is_dir():
            raise NotADirectoryError(f"{path} is a file")
        if any(path.iterdir()):
            moved = next(_free_names(path))
            path.rename(moved)
    path.mkdir(parents=True, exist_ok=True)
    return path, moved


def _free_names(path: Path) -> Iterator[Path]:
    number = 1
    while True:
        candidate = path.with_name(f"{path.name}.{number}")
        if not candidate.exists():
            yield candidate
        number += 1
