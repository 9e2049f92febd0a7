"""One measured figure, and files of them."""

import csv
import dataclasses
import pathlib
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One layer against one reference.

    Attributes:
        suite: Name of the suite.
        backend: Keras backend.
        mode: How the backend ran.
        layer: What was measured.
        shape: Shape of the input, or network and batch size.
        dtype: Compute dtype.
        median_ms: Median time.
        spread: Interquartile range of the time over its median.
        identity_ms: Median time of the identity.
        reference: What the target refers to: built-in layers, `"identity"`, or
            `"none"`, the network without noise.
        reference_ms: Median time of the reference.
        ratio_to_identity: `median_ms / identity_ms`.
        ratio_to_reference: Ratio to the reference, of times or of memory.
        target: Largest ratio that is good enough.
        meets_target: Whether it is.
        gb_per_s: Traffic of reading and writing two tensors in the median time.
        copy_gb_per_s: The same for a plain copy of the two.
        megabytes: Memory, in suites that measure it.
        reference_megabytes: Memory of the reference.
        note: What else there is to say.
        machine: Processor.
        cores: Number of processor cores.
        device: Accelerator, or empty.
        versions: Python and packages.
    """

    suite: str
    backend: str
    mode: str
    layer: str
    shape: str
    dtype: str
    median_ms: float | None = None
    spread: float | None = None
    identity_ms: float | None = None
    reference: str = ""
    reference_ms: float | None = None
    ratio_to_identity: float | None = None
    ratio_to_reference: float | None = None
    target: float | None = None
    meets_target: bool | None = None
    gb_per_s: float | None = None
    copy_gb_per_s: float | None = None
    megabytes: float | None = None
    reference_megabytes: float | None = None
    note: str = ""
    machine: str = ""
    cores: int = 0
    device: str = ""
    versions: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two rows of two runs comparable."""
        return (
            self.suite,
            self.mode,
            self.layer,
            self.shape,
            self.dtype,
            self.reference,
            self.device,
        )


_COLUMNS = tuple(field.name for field in dataclasses.fields(Row))
_TYPES = typing.get_type_hints(Row)


def write(rows: Iterable[Row], path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows([_format(value) for value in values(row)] for row in rows)


def read(path: pathlib.Path) -> list[Row]:
    """Read rows that `write` wrote.

    Raises:
        ValueError: If the file does not exist or has other columns.
    """
    if not path.is_file():
        raise ValueError(f"There is no file of results at {path}.")
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if missing := set(_COLUMNS) - set(reader.fieldnames or ()):
            raise ValueError(f"{path} lacks the columns: {', '.join(sorted(missing))}")
        return [
            Row(**{name: _parse(line[name], _TYPES[name]) for name in _COLUMNS})
            for line in reader
        ]


def values(row: Row) -> list[Any]:
    return [getattr(row, name) for name in _COLUMNS]


def _format(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _parse(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if text == "":
        return None
    if bool in typing.get_args(kind):
        return text == "yes"
    return int(text) if kind is int else float(text)
