"""How a cell of a run ended."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from keras_regnoise.studies.run.arm_key import ArmKey
from keras_regnoise.studies.run.files import known
from keras_regnoise.studies.run.manifest import Manifest, Options, Origin
from keras_regnoise.studies.study import Cell, Value

Scalar = str | int | float | bool | None


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

    @property
    def diverged(self) -> bool:
        """Whether it failed because a loss or a metric became NaN or infinite."""
        return bool(self.error and self.error.startswith("DivergedError"))

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
        values = known(Record, content)
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
            options = Options(**known(Options, origin["options"]))
            values["origin"] = Origin(**origin | {"options": options})
        return Record(**values)
