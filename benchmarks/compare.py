"""A new run against an old one."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.cases import LAYERS
from benchmarks.record import Row
from benchmarks.report import number, print_table

_COMPARED_SUITES = ("layers", "steps", "first_step", "memory")


@dataclass(frozen=True)
class Change:
    """The same ratio in two runs."""

    row: Row
    old: float
    new: float

    @property
    def relative(self) -> float:
        return self.new / self.old - 1.0


def changes(old: Iterable[Row], new: Iterable[Row]) -> list[Change]:
    """Pair the ratios of this package's layers that both runs have.

    Raises:
        ValueError: If there is none.
    """
    before = {row.key: row.ratio_to_reference for row in old}
    pairs = []
    for row in new:
        ratio, earlier = row.ratio_to_reference, before.get(row.key)
        if row.suite in _COMPARED_SUITES and row.layer in LAYERS and ratio and earlier:
            pairs.append(Change(row, earlier, ratio))
    if not pairs:
        raise ValueError(
            "The two runs have no case in common. Run the same suites, modes, layers, "
            "shapes and dtype, on the same kind of device."
        )
    return pairs


def worse(pairs: Iterable[Change], tolerance: float) -> list[Change]:
    return [pair for pair in pairs if pair.relative > tolerance]


def print_changes(pairs: Iterable[Change], tolerance: float) -> bool:
    """Print all changes, and return whether none is worse than tolerated."""
    pairs = list(pairs)
    slower = worse(pairs, tolerance)
    header = ["suite", "mode", "layer", "shape", "reference", "old", "new", "change"]
    body = [
        [
            pair.row.suite,
            pair.row.mode,
            pair.row.layer,
            pair.row.shape,
            pair.row.reference,
            number(pair.old, ".3f"),
            number(pair.new, ".3f"),
            f"{pair.relative:+.0%}" + (" NO" if pair in slower else ""),
        ]
        for pair in pairs
    ]
    print_table("Ratios, old and new", header, body)
    print(
        f"\n{len(slower)} of {len(pairs)} ratios are worse by more than {tolerance:.0%}"
    )
    return not slower
