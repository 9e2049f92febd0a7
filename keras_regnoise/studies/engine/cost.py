"""What a run will cost: from cells that are done, or a part of an epoch."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from keras_regnoise.studies.engine.roles import child_environment
from keras_regnoise.studies.engine.training_process import (
    TrainingError,
    TrainingProcess,
)
from keras_regnoise.studies.folder import Manifest, Record, write_json


def estimate(manifest: Manifest, records: Mapping[str, Record]) -> dict[str, float]:
    """Estimate the seconds of every cell.

    Args:
        manifest: The cells.
        records: Those that have ended, by name.

    Returns:
        Seconds by cell: the mean of the arm's cells that are done, or else of the
        group's, or else what the group's first cell takes for a part of an epoch,
        trained now in a process of its own. A cell that can't be timed is left out.
    """
    cells = manifest["cells"]
    done = {c["id"]: records[c["id"]]["seconds"] for c in cells if _done(records, c)}
    measured: dict[str, float | None] = {}
    seconds: dict[str, float] = {}
    for cell in cells:
        alike = [c for c in cells if c["group"] == cell["group"] and c["id"] in done]
        same_arm = [c for c in alike if c["arm"] == cell["arm"]]
        if same_arm or alike:
            seconds[cell["id"]] = mean(done[c["id"]] for c in same_arm or alike)
            continue
        group = cell["group"]
        if group not in measured:
            measured[group] = _time(manifest, cell["id"])
        value = measured[group]
        if value is not None:
            seconds[cell["id"]] = value
    return seconds


def _done(records: Mapping[str, Record], cell: Mapping[str, Any]) -> bool:
    record = records.get(cell["id"])
    return record is not None and record["status"] == "done"


def _time(manifest: Manifest, identifier: str) -> float | None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_json(manifest, directory / "study.json")
        child = TrainingProcess(
            directory, directory / "log", child_environment(os.environ)
        )
        try:
            return child.time(identifier)
        except TrainingError:
            return None
        finally:
            child.stop()
