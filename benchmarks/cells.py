"""What a cell takes beside its training steps.

python -m benchmarks.cells [--arm NAME] [--repeats N]
"""

import argparse
import gc
import itertools
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import keras

from benchmarks import machine
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.engine.training import Trainer
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Cell

TARGET = 1.2  # the second cell of an arm, over its steady epochs
_WARM_UP = 10  # epochs


def trainer(directory: Path) -> Trainer:
    """Return a trainer of the study keep-rate, which shares no program yet."""
    study, source = registry.find("keep-rate")
    plan = Plan(study=study, source=source, scale="smoke", directory=directory)
    return Trainer(Run(directory, plan.manifest()), study)


def cell_seconds(work: Trainer, cell: Cell) -> tuple[float, float]:
    """Return the time of a cell, and of as many steady epochs as it has."""
    ends: list[float] = []
    work.data(cell)  # read before, as in every cell but the first
    start = time.perf_counter()
    work.train(cell, on_epoch=lambda epoch, of: ends.append(time.perf_counter()))
    seconds = time.perf_counter() - start
    steady = statistics.fmean(b - a for a, b in itertools.pairwise(ends[_WARM_UP:]))
    return seconds, steady * len(ends)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cells")
    parser.add_argument("--arm", default="RotationOut 0.1", help="of keep-rate")
    parser.add_argument("--repeats", type=int, default=3, help="cells of each kind")
    options = parser.parse_args()
    gc.freeze()  # as in a worker
    rows: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        work = trainer(Path(name))
        arm = next(arm for arm in work.study.arms if arm.name == options.arm)
        rows["first"] = [cell_seconds(work, Cell(arm, 0))]
        for seed in range(1, options.repeats + 1):
            pair = {"second": work, "second, nothing shared": trainer(Path(name))}
            for kind, one in pair.items():
                rows.setdefault(kind, []).append(cell_seconds(one, Cell(arm, seed)))
                shutil.rmtree(one.run.backup_of(Cell(arm, seed).id), ignore_errors=True)
    print(f"{keras.config.backend()}, {machine.cores()} cores, {machine.processor()}")
    print(machine.versions())
    print(f"keep-rate, {options.arm}; goal for the second cell: {TARGET}\n")
    print("| cell | seconds | of steady epochs | ratio |")
    print("|---|---|---|---|")
    for kind, times in rows.items():
        cell, steady = (
            statistics.median(column) for column in zip(*times, strict=True)
        )
        print(f"| {kind} | {cell:.2f} | {steady:.2f} | {cell / steady:.2f} |")


if __name__ == "__main__":
    main()
