"""What a run will cost: from cells that are done, or a few steps of an epoch."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from keras_regnoise.studies.engine.cell import Timing, time_cell
from keras_regnoise.studies.engine.cluster import Workers, open_pool
from keras_regnoise.studies.run import (
    Manifest,
    Record,
    arm_key,
    write_manifest,
)
from keras_regnoise.studies.study import Cell


def estimate(manifest: Manifest, records: Mapping[str, Record]) -> dict[str, Timing]:
    """Estimate the seconds of every cell.

    Args:
        manifest: The cells.
        records: Those that have ended, by name.

    Returns:
        Seconds by cell: the mean of the arm's cells that are done, or else of the
        group's, or else what the group's first cell takes for a few steps of an epoch,
        trained now in a process of its own; or why that was not possible.
    """
    known = [r for r in records.values() if r.done and r.seconds is not None]
    timings: dict[str, Timing] = {}
    unknown: dict[str, list[Cell]] = {}
    for cell in manifest.cells:
        alike = [r for r in known if r.group == cell.arm.group]
        same_arm = [r for r in alike if r.key == arm_key(cell.arm)]
        if chosen := same_arm or alike:
            timings[cell.id] = Timing(mean(r.seconds or 0.0 for r in chosen))
        else:
            unknown.setdefault(cell.arm.group, []).append(cell)
    if unknown:
        timings |= _measure(manifest, unknown)
    return timings


def _measure(manifest: Manifest, groups: Mapping[str, list[Cell]]) -> dict[str, Timing]:
    timings: dict[str, Timing] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_manifest(directory, manifest)
        with open_pool(Workers(), directory / "logs") as pool:
            for cells in groups.values():
                timing = pool.run(time_cell, directory, cells[0])
                timings |= {cell.id: timing for cell in cells}
    return timings
