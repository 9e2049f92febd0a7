"""What a call of `run` asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keras_regnoise._warn import warn
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.fingerprint import code_of
from keras_regnoise.studies.run import (
    DamagedError,
    FolderError,
    Manifest,
    Options,
    Run,
    stray_records,
    write_manifest,
)
from keras_regnoise.studies.study import Arm, Cell, Study


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to train, and how.

    Attributes:
        study: The study.
        source: How another process finds it; see `registry.find`.
        scale: Name of a recipe.
        directory: Folder of the run.
        arms: Patterns of arms; see `Study.cells`.
        seeds: See `Study.cells`.
        options: How a cell is trained.
        retry_failed: Whether cells that failed run again.
        force: Whether to go on although the code has changed; see `Run.begin`.
    """

    study: Study
    source: Mapping[str, Any]
    scale: str
    directory: Path
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    options: Options = Options()
    retry_failed: bool = False
    force: bool = False

    def manifest(self) -> Manifest:
        """Return what the folder will say about the run."""
        cells = self.study.cells(self.scale, self.arms, self.seeds)
        return Manifest(
            study=self.study.name,
            scale=self.scale,
            source=dict(self.source),
            recipe=self.study.recipe(self.scale),
            options=self.options,
            description=self.study,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            cells=tuple(cells),
            chosen=tuple(cell.id for cell in cells),
            code=(code_of(self.source),),
        )

    def begin(self) -> Run:
        """Write the manifest, or mend a damaged one from the cells that ended.

        Raises:
            FolderError: See `Run.begin`.
        """
        manifest = self.manifest()
        try:
            return Run.begin(self.directory, manifest, force=self.force)
        except DamagedError:
            write_manifest(self.directory, _with_strays(manifest, self))
            return Run.open(self.directory)


def reopen(directory: Path) -> Run:
    """Open a run; a damaged manifest is rebuilt from the cells that ended.

    Raises:
        FolderError: If the folder has no run, or one that can't be rebuilt.
    """
    try:
        return Run.open(directory)
    except DamagedError:
        records = [record for record in stray_records(directory) if record.origin]
        if not records:
            raise
        origin = records[-1].origin
        assert origin is not None
        plan = Plan(
            study=registry.resolve(origin.source),
            source=origin.source,
            scale=records[-1].scale,
            directory=directory,
            options=origin.options,
        )
        manifest = replace(plan.manifest(), cells=(), chosen=(), code=(origin.code,))
        warn(
            f"{directory} has lost its study.json; it is rebuilt from the cells that "
            "ended. What else was planned is not known any more.",
        )
        write_manifest(directory, _with_strays(manifest, plan))
        return Run.open(directory)


def _with_strays(manifest: Manifest, plan: Plan) -> Manifest:
    """Add the cells of the records in the folder to those that are planned."""
    arms = {(arm.group, arm.name): arm for arm in plan.study.arms}
    cells = dict(manifest.by_name)
    for record in stray_records(plan.directory):
        if (record.study, record.scale) != (manifest.study, manifest.scale):
            raise FolderError(
                f"{plan.directory} has cells of another run: {record.study}, scale "
                f"{record.scale}. Choose another folder with --out DIR."
            )
        if record.origin and not plan.force:
            _check_code(manifest, record.origin.code, plan.directory)
        arm = arms.get(record.key) or Arm(record.arm, record.values, record.group)
        cells.setdefault(record.cell, Cell(arm, record.seed))
    return replace(manifest, cells=tuple(cells.values()))


def _check_code(manifest: Manifest, code: Mapping[str, str], directory: Path) -> None:
    if code and manifest.code[-1] != code:
        raise FolderError(
            f"{directory} has lost its study.json, and its cells are of another state "
            "of the code. Choose another folder with --out DIR, or go on with --force."
        )
