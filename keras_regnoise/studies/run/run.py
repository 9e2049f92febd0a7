"""A run as its folder tells it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from keras_regnoise._warn import warn
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run.arm_key import ArmKey, arm_key
from keras_regnoise.studies.run.files import DamagedError, read_json, reason, write_json
from keras_regnoise.studies.run.folder import (
    CELLS,
    MANIFEST,
    read_manifest,
    refuse_foreign,
    write_manifest,
)
from keras_regnoise.studies.run.manifest import Manifest, add_cells
from keras_regnoise.studies.run.record import Record, Scalar
from keras_regnoise.studies.study import Description, Recipe, Value

DataKey = tuple[str, int | None]  # name, and seed if it is drawn anew for each


@dataclass(frozen=True)
class Run:
    """What is in the folder of a run, as it was when it was opened.

    Attributes:
        directory: The folder.
        manifest: What is planned.
        records: How the cells of the plan ended that did, in its order.

    Example:

    >>> run = Run.open("docs/results/keep-rate")  # doctest: +SKIP
    >>> run.progress  # doctest: +SKIP
    '105 of 105 cells done'
    """

    directory: Path
    manifest: Manifest
    records: tuple[Record, ...] = ()

    @staticmethod
    def open(directory: str | Path) -> "Run":
        """Read a run.

        A record that is damaged is left out, with a warning: its cell is to do again.

        Raises:
            FolderError: If the folder has no run, a damaged one (`DamagedError`), or
                one of a newer version.
        """
        return Run.without_records(directory).with_records()

    @staticmethod
    def without_records(directory: str | Path) -> "Run":
        """Read what is planned alone.

        Raises:
            FolderError: See `open`.
        """
        directory = Path(directory)
        return Run(directory, read_manifest(directory))

    def with_records(self) -> "Run":
        """Return the run with the records that are in its folder now."""
        records = map(self.load, self.manifest.by_name)
        return replace(self, records=tuple(r for r in records if r is not None))

    @staticmethod
    def begin(directory: Path, manifest: Manifest, *, force: bool = False) -> "Run":
        """Write the manifest of a run, or add cells to the one that is there.

        Args:
            directory: The folder.
            manifest: What this call plans.
            force: Whether to go on although the code has changed; the manifest and
                the records say which state of it they are of.

        Raises:
            FolderError: If the folder holds another study, scale, recipe, options or
                state of the code, or something else altogether.
        """
        refuse_foreign(directory)
        if (directory / MANIFEST).exists():
            earlier = read_manifest(directory)
            manifest = add_cells(earlier, manifest, directory, force=force)
        write_manifest(directory, manifest)
        return Run.open(directory)

    def data_key(self, seed: int, data: Mapping[str, Scalar]) -> DataKey:
        """Return what cells share that are to have the same data."""
        return str(data.get("name")), seed if self.recipe.redraw else None

    @cached_property
    def fingerprints(self) -> dict[DataKey, list[str]]:
        """Those of the data by what they belong to: one each, or something is wrong."""
        found: dict[DataKey, dict[str, None]] = {}
        for record in self.done:
            if fingerprint := record.data.get("fingerprint"):
                prints = found.setdefault(self.data_key(record.seed, record.data), {})
                prints[str(fingerprint)] = None
        return {key: list(prints) for key, prints in found.items()}

    def load(self, cell: str) -> Record | None:
        """Read the record of a cell, None if it has not ended."""
        file = self.file_of(cell)
        try:
            return Record.from_json(read_json(file)) if file.exists() else None
        except DamagedError as error:
            damage: Exception = error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            damage = DamagedError(f"{file} is damaged ({reason(error)})")
        warn(f"{damage}; its cell is to do again.")
        return None

    def write(self, record: Record) -> None:
        """Write the record of a cell that ended, well or not.

        Raises:
            WriteError: If the disk is full or the folder not writable.
        """
        write_json(record.as_json(), self.file_of(record.cell))

    def forget(self, cell: str) -> None:
        """Remove a record, so that the cell runs again."""
        self.file_of(cell).unlink(missing_ok=True)

    def file_of(self, cell: str) -> Path:
        """Return the file of a cell's record."""
        return self.directory / CELLS / f"{cell}.json"

    def backup_of(self, cell: str) -> Path:
        """Return the folder from which an interrupted cell goes on."""
        return self.directory / "backup" / cell

    def model_of(self, cell: str) -> Path:
        """Return the file of a cell's trained model."""
        return self.directory / "models" / f"{cell}.keras"

    @property
    def logs(self) -> Path:
        """The folder of what the training processes print."""
        return self.directory / "logs"

    @property
    def study(self) -> str:
        """Name of the study."""
        return self.manifest.study

    @property
    def scale(self) -> str:
        """Name of the recipe."""
        return self.manifest.scale

    @property
    def recipe(self) -> Recipe:
        """How a cell is trained."""
        return self.manifest.recipe

    @property
    def description(self) -> Description:
        """The study without its model."""
        return self.manifest.description

    @cached_property
    def done(self) -> list[Record]:
        """Records of the cells that finished."""
        return [record for record in self.records if record.done]

    @cached_property
    def failed(self) -> list[Record]:
        """Records of the cells that ended in an error."""
        return [record for record in self.records if not record.done]

    @property
    def complete(self) -> bool:
        """Whether every planned cell is done."""
        return len(self.done) == len(self.manifest.cells)

    @property
    def progress(self) -> str:
        """How many cells are done, in words."""
        text = f"{len(self.done)} of {len(self.manifest.cells)} cells done"
        return f"{text}, {len(self.failed)} failed" if self.failed else text

    @cached_property
    def arms(self) -> dict[ArmKey, Mapping[str, Value]]:
        """Values of the arms that are planned, in the study's order."""
        used = {arm_key(cell.arm): cell.arm.values for cell in self.manifest.cells}
        order = [arm_key(arm) for arm in self.description.arms]
        return {key: used[key] for key in [*order, *used] if key in used}

    @property
    def left_out(self) -> list[ArmKey]:
        """Arms of the study that are not in the plan."""
        arms = map(arm_key, self.description.arms)
        return [key for key in arms if key not in self.arms]

    def baseline(self, group: str) -> ArmKey:
        """Return the arm with which those of a group are compared."""
        return group, self.description.baseline

    def planned(self, key: ArmKey) -> int:
        """Return the number of cells of one arm."""
        return self._planned[key]

    @cached_property
    def _planned(self) -> Counter[ArmKey]:
        return Counter(arm_key(cell.arm) for cell in self.manifest.cells)

    def of_arm(self, key: ArmKey) -> list[Record]:
        """Return the records of one arm."""
        return self._by_arm.get(key, [])

    @cached_property
    def _by_arm(self) -> dict[ArmKey, list[Record]]:
        by_arm: dict[ArmKey, list[Record]] = {}
        for record in self.records:
            by_arm.setdefault(record.key, []).append(record)
        return by_arm

    @property
    def metrics(self) -> list[str]:
        """Names of all metrics, in the order in which they appear."""
        names = (name for record in self.done for name in record.metrics)
        return list(dict.fromkeys(names))

    def metric(self, name: str | None = None) -> str:
        """Return the name of a metric, the headline's by default.

        Raises:
            InputError: If cells are done and none has this metric.
        """
        name = name or self.description.metric
        if self.done and name not in self.metrics:
            what = f"No finished cell of {self.study} has the metric"
            raise InputError.unknown(what, name, self.metrics)
        return name

    def stride(self, name: str) -> int:
        """Return the epochs from one value of the history to the next."""
        if name.startswith("val_"):
            return self.recipe.validation_freq or 1
        return (name.startswith("test_") and self.recipe.test_freq) or 1
