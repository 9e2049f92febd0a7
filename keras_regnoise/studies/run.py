"""The folder of a run: what is planned, and one file for every cell that ended.

What is in `study.json` and `cells/*.json` is read and written here and nowhere else.
"""

import json
import math
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Any, Literal

from keras_regnoise.studies._atomic import write_text
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.study import Arm, Cell, Description, Recipe, Value

FORMAT = 2  # 1 had no fingerprints
ArmKey = tuple[str, str]  # group and name
Scalar = str | int | float | bool | None

_MANIFEST, _CELLS = "study.json", "cells"
# What may differ between two calls for one folder: it changes no cell's result.
_FREE = frozenset({"data_dir", "save_model", "deviations", "seeds", "arms"})


class FolderError(Exception):
    """A folder that can't be used, with what to do about it."""


class WriteError(FolderError):
    """A file can't be written: no room, or no permission."""


class DamagedError(FolderError):
    """A file that is not what was written into it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says about how to train.

    Attributes:
        precision: Dtype policy, such as `"float32"` or `"mixed_bfloat16"`.
        jit: Whether to compile with XLA; `"auto"` is Keras's choice.
        data_dir: Folder of the data sets, `""` for the default.
        distribute: Whether a cell uses all visible devices.
        save_model: Whether to keep the trained model.
    """

    precision: str = "float32"
    jit: Literal["auto", "on", "off"] = "auto"
    data_dir: str = ""
    distribute: bool = False
    save_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a record can be traced back to, and a damaged manifest rebuilt from.

    Attributes:
        source: How another process finds the study; see `registry.resolve`.
        options: How it was trained.
        code: Digests of the study's source and of this package's, by name.
    """

    source: Mapping[str, Any]
    options: Options
    code: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run is about: the content of `study.json`.

    Attributes:
        study: Name of the study.
        scale: Name of its recipe.
        source: How another process finds the study; see `registry.resolve`.
        recipe: How a cell is trained.
        options: What the command line says about it.
        description: The study without its model.
        created: When the run began, ISO 8601.
        cells: Every cell that was ever planned for the folder.
        chosen: Names of the cells that the last call asked for.
        code: Digests of the study's source and of this package's, by name; one for
            every state of the code that trained here, the last one counts.
    """

    study: str
    scale: str
    source: Mapping[str, Any]
    recipe: Recipe
    options: Options
    description: Description
    created: str
    cells: tuple[Cell, ...]
    chosen: tuple[str, ...]
    code: tuple[Mapping[str, str], ...] = ()

    @property
    def origin(self) -> Origin:
        """What the records of this run are traced back to."""
        code = self.code[-1] if self.code else {}
        return Origin(source=self.source, options=self.options, code=code)

    @cached_property
    def by_name(self) -> dict[str, Cell]:
        """Cells by their names."""
        return {cell.id: cell for cell in self.cells}

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        names = ("study", "scale", "source", "created", "chosen", "code")
        return {
            **{name: getattr(self, name) for name in names},
            "recipe": asdict(self.recipe),
            "options": asdict(self.options),
            "description": self.description.as_json(),
            "cells": [
                {"id": c.id, "arm_fields": asdict(c.arm), "seed": c.seed}
                for c in self.cells
            ],
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Manifest":
        """Return what the file says, of this format and older ones."""
        names = ("study", "scale", "source", "created")
        recipe = _known(Recipe, content["recipe"])
        return Manifest(
            **{name: content[name] for name in names},
            recipe=Recipe(**{k: _as_tuple(value) for k, value in recipe.items()}),
            options=Options(**_known(Options, content["options"])),
            description=Description.from_json(content["description"]),
            cells=tuple(
                Cell(Arm(**cell["arm_fields"]), int(cell["seed"]))
                for cell in content["cells"]
            ),
            chosen=tuple(content["chosen"]),
            code=tuple(content.get("code") or ()),
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a cell ended: the content of its file.

    Attributes:
        study: Name of the study.
        scale: Name of its recipe.
        cell: Name of the cell.
        arm: Name of its arm.
        group: The arm's group.
        values: The arm's values.
        seed: The cell's seed.
        status: `"done"` or `"failed"`.
        metrics: Of the last epoch, and what else the study measured.
        history: Metrics by epoch.
        error: Why it failed, in a line.
        traceback: The same at length.
        environment: Versions, commit, device, precision.
        data: Name, fingerprint and sizes of the data set.
        seconds: Wall time over all attempts, those included that were interrupted.
        fit_seconds: The part of it that was spent in `fit`.
        examples_per_second: Examples trained by the second of `fit`.
        device_memory: Peak memory of a GPU in bytes; None without one.
        attempts: How often the cell was begun.
        origin: What it can be traced back to; None in records of format 1.
    """

    study: str
    scale: str
    cell: str
    arm: str
    group: str
    values: Mapping[str, Value]
    seed: int
    status: Literal["done", "failed"]
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None
    environment: Mapping[str, Scalar] = field(default_factory=dict)
    data: Mapping[str, Scalar] = field(default_factory=dict)
    seconds: float | None = None
    fit_seconds: float | None = None
    examples_per_second: float | None = None
    device_memory: int | None = None
    attempts: int = 1
    origin: Origin | None = None

    @property
    def key(self) -> ArmKey:
        """Group and name of the arm."""
        return self.group, self.arm

    @property
    def done(self) -> bool:
        """Whether the cell ended well."""
        return self.status == "done"

    @staticmethod
    def of(manifest: Manifest, cell: Cell, **ended: Any) -> "Record":
        """Make the record of a cell of a run.

        Args:
            manifest: The run's.
            cell: The cell.
            **ended: `status` and the attributes that follow it.
        """
        return Record(
            study=manifest.study,
            scale=manifest.scale,
            cell=cell.id,
            arm=cell.arm.name,
            group=cell.arm.group,
            values=dict(cell.arm.values),
            seed=cell.seed,
            origin=manifest.origin,
            **ended,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        return asdict(self)

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Record":
        """Return what the file says, of this format and older ones."""
        values = _known(Record, content)
        if values["status"] not in ("done", "failed"):
            raise ValueError(f"status is {values['status']!r}")
        values["seed"] = int(values["seed"])
        values["metrics"] = {
            name: math.nan if value is None else float(value)
            for name, value in values["metrics"].items()
        }
        values["history"] = {
            name: [math.nan if value is None else float(value) for value in curve]
            for name, curve in (values.get("history") or {}).items()
        }
        if origin := values.get("origin"):
            options = Options(**_known(Options, origin["options"]))
            values["origin"] = Origin(**origin | {"options": options})
        return Record(**values)


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
        run = Run.without_records(directory)
        records = map(run.load, run.manifest.by_name)
        return replace(run, records=tuple(r for r in records if r is not None))

    @staticmethod
    def without_records(directory: str | Path) -> "Run":
        """Read what is planned alone.

        Raises:
            FolderError: See `open`.
        """
        directory = Path(directory)
        return Run(directory, _read_manifest(directory))

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
        if (directory / _MANIFEST).exists():
            earlier = _read_manifest(directory)
            manifest = add_cells(earlier, manifest, directory, force=force)
        write_manifest(directory, manifest)
        return Run.open(directory)

    def load(self, cell: str) -> Record | None:
        """Read the record of a cell, None if it has not ended."""
        file = self.file_of(cell)
        try:
            return Record.from_json(read_json(file)) if file.exists() else None
        except DamagedError as error:
            damage: Exception = error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            damage = DamagedError(f"{file} is damaged ({_reason(error)})")
        warnings.warn(f"{damage}; its cell is to do again.", stacklevel=3)
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
        return self.directory / _CELLS / f"{cell}.json"

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


def arm_key(arm: Arm) -> ArmKey:
    """Return group and name of an arm."""
    return arm.group, arm.name


def arm_name(key: ArmKey) -> str:
    """Return an arm's name with its group."""
    return f"{key[0]}: {key[1]}" if key[0] else key[1]


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `study.json`, whatever is there."""
    write_json(manifest.as_json(), directory / _MANIFEST)


def stray_records(directory: Path) -> Iterator[Record]:
    """Read what is in `cells/` without the manifest, to rebuild it from."""
    for file in sorted((directory / _CELLS).glob("[!.]*.json")):
        try:
            yield Record.from_json(read_json(file))
        except (DamagedError, ValueError, TypeError, KeyError, AttributeError):
            continue


def _known(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a later version of this format may have added."""
    names = {part.name for part in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return f"{type(error).__name__}: {error}"


def _read_manifest(directory: Path) -> Manifest:
    file = directory / _MANIFEST
    if not file.exists() and not (directory / _CELLS).is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        if directory.is_dir():
            is_empty = not any(directory.iterdir())
            what = "is empty" if is_empty else f"has no {_MANIFEST}"
        raise FolderError(
            f"{directory} {what}: it is not the folder of a run. Start one with: "
            f"keras-regnoise run STUDY --out {quote(str(directory))}"
        )
    try:
        if not file.exists():
            raise DamagedError(f"{file} is missing")
        return Manifest.from_json(read_json(file))
    except DamagedError as error:
        damage = str(error)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        damage = f"{file} is damaged ({_reason(error)})"
    raise DamagedError(
        f"{damage}. The cells that ended are safe: the same `keras-regnoise run` as "
        f"before, with --out {quote(str(directory))}, writes it anew."
    )


def add_cells(
    earlier: Manifest, manifest: Manifest, directory: Path, *, force: bool = False
) -> Manifest:
    """Add the cells of a plan to those of a folder, if they are of one run.

    Args:
        earlier: What the folder says.
        manifest: What is planned.
        directory: The folder, to name it.
        force: See `Run.begin`.

    Raises:
        FolderError: See `Run.begin`.
    """
    for key in ("study", "scale", "recipe", "options"):
        before, now = (_comparable(getattr(m, key)) for m in (earlier, manifest))
        if before != now:
            raise FolderError(
                f"{directory} has a run with another {key}: {before!r}, and this one "
                f"has {now!r}. Choose another folder with --out DIR, or put this run "
                "in its place with --overwrite."
            )
    code = list(earlier.code)
    if code and manifest.code and code[-1] != manifest.code[-1] and not force:
        changed = [n for n, d in manifest.code[-1].items() if code[-1].get(n) != d]
        raise FolderError(
            f"The code of {' and '.join(changed)} has changed since the cells in "
            f"{directory} were trained, and results of two models must not be mixed. "
            "Choose another folder with --out DIR, start anew with --overwrite, or, if "
            "the change makes no difference to the results, go on with --force."
        )
    if not code or (manifest.code and code[-1] != manifest.code[-1]):
        code += manifest.code
    cells = earlier.by_name | manifest.by_name
    return replace(
        manifest,
        cells=tuple(cells.values()),
        created=earlier.created,
        code=tuple(code),
    )


def _comparable(value: Any) -> Any:
    """Leave out what does not change a result; what is new has its default."""
    if isinstance(value, str):
        return value
    absent: tuple[Any, ...] = (None, 0, "", [], {})
    content = json.loads(json.dumps(asdict(value)))
    return {k: v for k, v in content.items() if k not in _FREE and v not in absent}


def refuse_foreign(directory: Path) -> None:
    """Don't spread files over a folder of something else, and don't move it.

    Raises:
        FolderError: If there is something, and it is not the folder of a run.
    """
    if directory.exists() and not directory.is_dir():
        raise FolderError(f"{directory} is a file. Choose a folder with --out DIR.")
    if (directory / _MANIFEST).exists() or (directory / _CELLS).is_dir():
        return
    others: Iterable[Path] = directory.iterdir() if directory.is_dir() else ()
    names = sorted(path.name for path in others if path.name != "lock")
    if names:
        raise FolderError(
            f"{directory} is not empty ({', '.join(names[:3])}, ...) and has no run. "
            "Choose another folder with --out DIR."
        )


def read_json(file: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote, such as the state of a backup.

    Raises:
        FolderError: If it is damaged (`DamagedError`), or of a newer version.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        number = int(content["format"])
    except OSError as error:
        raise FolderError(f"Can't read {file}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"{file} is damaged ({_reason(error)})") from error
    if number > FORMAT:
        raise FolderError(
            f"{file} has format {number}, written by a newer keras_regnoise; this "
            f"version reads {FORMAT} and older. Update keras_regnoise, or choose "
            "another folder."
        )
    return dict(content)


def write_json(content: Mapping[str, Any], file: Path) -> None:
    """Write a file of the run's folder, whole or not at all.

    Raises:
        WriteError: If the disk is full or the folder not writable.
    """
    try:
        write_text(file, json.dumps({"format": FORMAT, **content}, indent=1))
    except OSError as error:
        raise WriteError(
            f"Can't write {file}: {error.strerror or error}. What is finished is "
            "safe; make room or choose another folder with --out DIR, and run the "
            "command again."
        ) from error
