"""Runs a study: one process that searches, or a chief and workers."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from keras_regnoise.studies import folder
from keras_regnoise.studies.engine.supervisor import (
    Supervisor,
    free_address,
    parse_address,
)
from keras_regnoise.studies.engine.training_process import TrainingProcess
from keras_regnoise.studies.folder import FORMAT, Manifest, Record
from keras_regnoise.studies.study import Study


class Progress(Protocol):
    """What a run tells of itself."""

    def say(self, text: str) -> None: ...

    def epoch(self, cell: str, epoch: int, of: int) -> None: ...

    def ended(self, records: Mapping[str, Record]) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What to run, and how.

    Attributes:
        study: The study.
        source: How another process finds it.
        scale: Name of a recipe.
        directory: Folder of the run.
        arms: Patterns of arms; see `Study.cells`.
        seeds: See `Study.cells`.
        options: Fields of `training.Options`.
        retry_failed: Whether cells that failed run again.
        workers: Workers of keras-tuner's distributed mode; 0 for none.
        listen: Where the chief listens, `"HOST:PORT"`.
        cells_per_process: Cells after which the process that trains is replaced.
        timeout_s: Seconds after which the run ends and can be resumed, or None.
    """

    study: Study
    source: Mapping[str, Any]
    scale: str
    directory: Path
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    retry_failed: bool = False
    workers: int = 0
    listen: str = ""
    cells_per_process: int = 1
    timeout_s: float | None = None

    def manifest(self) -> Manifest:
        """Return what the folder says about the run."""
        cells = self.study.cells(self.scale, self.arms, self.seeds)
        recipe = asdict(self.study.recipe(self.scale))
        return {
            "format": FORMAT,
            "study": self.study.name,
            "scale": self.scale,
            "source": dict(self.source),
            "recipe": {
                k: list(v) if isinstance(v, tuple) else v for k, v in recipe.items()
            },
            "options": dict(self.options),
            "description": self.study.as_json(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "cells": [folder.plan_entry(cell) for cell in cells],
            "chosen": [cell.id for cell in cells],
        }


def execute(plan: Plan, progress: Progress) -> dict[str, Record]:
    """Train what is not done yet.

    Returns:
        The records of the chosen cells that ended, by name.

    Raises:
        FolderError: If the folder can't be used.
        SupervisorError: If chief or workers can't go on.
        TimeLimitError: After `plan.timeout_s`.
    """
    with folder.lock(plan.directory) as descriptor:
        manifest = folder.open_run(plan.directory, plan.manifest())
        if plan.retry_failed:
            _forget_failures(plan.directory, manifest["chosen"])
        watch = _Watch(plan.directory, manifest["chosen"], progress)
        if watch.update() < len(manifest["chosen"]):
            search = _in_workers if plan.workers else _in_one_process
            search(plan, manifest, descriptor, watch)
            watch.update()
        return watch.records


def join(
    directory: Path,
    address: str,
    workers: int,
    cells_per_process: int,
    progress: Progress,
) -> None:
    """Add workers of this machine to a search whose chief is on another.

    Args:
        directory: Folder of the run, which both machines see.
        address: Where the chief listens, `"HOST:PORT"`.
        workers: Number of workers.
        cells_per_process: See `Plan`.
        progress: Told what there is to tell.
    """
    manifest = folder.read_manifest(directory)
    watch = _Watch(directory, manifest["chosen"], progress)
    Supervisor(
        directory,
        workers,
        parse_address(address),
        is_chief=False,
        cells_per_process=cells_per_process,
        say=progress.say,
    ).run(watch.update, len(manifest["chosen"]))


class _Watch:
    """Tells the progress of the records that appear in the folder."""

    def __init__(
        self, directory: Path, identifiers: Iterable[str], progress: Progress
    ) -> None:
        self._directory, self.progress = directory, progress
        self._missing = list(identifiers)
        self.records: dict[str, Record] = {}

    def update(self) -> int:
        """Look for new records; returns how many there are."""
        for identifier in list(self._missing):
            record = folder.read_record(self._directory, identifier)
            if record:
                self._missing.remove(identifier)
                self.records[identifier] = record
        self.progress.ended(self.records)
        return len(self.records)

    def note(self, record: Record) -> None:
        """Look for new records, of which this is one."""
        del record
        self.update()


def _forget_failures(directory: Path, identifiers: Iterable[str]) -> None:
    for identifier in identifiers:
        record = folder.read_record(directory, identifier)
        if record and record["status"] == "failed":
            folder.remove_record(directory, identifier)


def _in_one_process(
    plan: Plan, manifest: Manifest, descriptor: int, watch: _Watch
) -> None:
    from keras_regnoise.studies.engine.roles import child_environment
    from keras_regnoise.studies.engine.search import CellTuner, make_oracle

    log = plan.directory / "logs" / "training.log"
    limit = None if plan.timeout_s is None else time.monotonic() + plan.timeout_s
    tuner = CellTuner(
        make_oracle(manifest, plan.directory),
        manifest,
        plan.directory,
        lambda: TrainingProcess(
            plan.directory, log, child_environment(os.environ), (descriptor,)
        ),
        plan.cells_per_process,
        limit,
        watch.progress.epoch,
        watch.note,
    )
    try:
        tuner.search(verbose=0)
    finally:
        tuner.close()


def _in_workers(plan: Plan, manifest: Manifest, descriptor: int, watch: _Watch) -> None:
    supervisor = Supervisor(
        plan.directory,
        plan.workers,
        free_address(plan.listen),
        cells_per_process=plan.cells_per_process,
        lock=descriptor,
        say=watch.progress.say,
        timeout_s=plan.timeout_s,
    )
    supervisor.run(watch.update, len(manifest["chosen"]))
