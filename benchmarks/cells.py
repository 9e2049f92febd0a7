"""What a cell of a study takes beside its training steps.

A cell of the study keep-rate, by arm: the second in a process, which shares the
program of the first, over as many steady epochs as it has, and the same where nothing
is shared.
"""

import gc
import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import Plan
from benchmarks.record import Row
from benchmarks.targets import SECOND_CELL
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.plan import Plan as StudyPlan
from keras_regnoise.studies.engine.training import Trainer
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Cell

_STUDY = "keep-rate"
_ARMS = ("none", "Dropout 0.1", "RotationOut 0.1")
_REPEATS = 5
_WARM_UP = 10  # epochs
SHARED, ALONE = "second cell", "second cell, nothing shared"

Times = tuple[float, float]  # of a cell, of its steady epochs


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    gc.freeze()  # as in a worker
    for arm in _ARMS:
        times = _times(arm, 1 if plan.quick else min(plan.repeats, _REPEATS))
        for kind, pairs in times.items():
            yield _row(backend, plan, arm, kind, pairs)


def _times(name: str, repeats: int) -> dict[str, list[Times]]:
    times: dict[str, list[Times]] = {SHARED: [], ALONE: []}
    with tempfile.TemporaryDirectory() as folder:
        work = trainer(Path(folder))
        arm = next(arm for arm in work.study.arms if arm.name == name)
        cell_seconds(work, Cell(arm, 0))
        # One kind after the other: what is due every few seconds, such as to collect
        # former networks, is so every few cells.
        for kind in times:
            for seed in range(1, repeats + 1):
                one = work if kind == SHARED else trainer(Path(folder))
                times[kind].append(cell_seconds(one, Cell(arm, seed)))
                shutil.rmtree(one.run.backup_of(Cell(arm, seed).id), ignore_errors=True)
    return times


def trainer(directory: Path) -> Trainer:
    """Return a trainer of the study, which shares no program yet."""
    study, source = registry.find(_STUDY)
    plan = StudyPlan(study=study, source=source, scale="smoke", directory=directory)
    return Trainer(Run(directory, plan.manifest()), study)


def cell_seconds(work: Trainer, cell: Cell) -> Times:
    """Return the time of a cell, and of as many steady epochs as it has."""
    ends: list[float] = []
    work.data(cell)  # read before, as in every cell but the first
    start = time.perf_counter()
    work.train(cell, on_epoch=lambda epoch, of: ends.append(time.perf_counter()))
    seconds = time.perf_counter() - start
    steady = statistics.fmean(b - a for a, b in itertools.pairwise(ends[_WARM_UP:]))
    return seconds, steady * len(ends)


def _row(backend: str, plan: Plan, arm: str, kind: str, pairs: list[Times]) -> Row:
    cell, steady = (1e3 * statistics.fmean(times) for times in zip(*pairs, strict=True))
    ratio = cell / steady
    is_judged = kind == SHARED
    return Row(
        "cells",
        backend,
        backend,
        arm,
        f"{_STUDY}, {kind}",
        plan.dtype,
        median_ms=cell,
        reference=SECOND_CELL.reference,
        reference_ms=steady,
        ratio_to_reference=ratio,
        target=SECOND_CELL.limit if is_judged else None,
        meets_target=ratio <= SECOND_CELL.limit if is_judged else None,
    )
