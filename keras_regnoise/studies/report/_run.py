import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

Record = Mapping[str, Any]
ArmKey = tuple[str, str]


class Run:
    """What is in the folder of a run: the plan, and the records of cells that ended.

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
    """

    def __init__(self, manifest: Mapping[str, Any], records: Sequence[Record]) -> None:
        self.manifest = manifest
        self.description: Mapping[str, Any] = manifest["description"]
        self.study: str = manifest["study"]
        self.scale: str = manifest["scale"]
        self.recipe: Mapping[str, Any] = manifest.get("recipe") or {}
        by_cell = {record["cell"]: record for record in records}
        self.records = list(by_cell.values())

    @cached_property
    def done(self) -> list[Record]:
        """Records of the cells that finished."""
        return [record for record in self.records if record["status"] == "done"]

    @cached_property
    def failed(self) -> list[Record]:
        """Records of the cells that ended in an error."""
        return [record for record in self.records if record["status"] != "done"]

    @cached_property
    def cells(self) -> dict[str, Record]:
        """Everything planned or run, by the identity of the cell."""
        planned = {cell["id"]: cell for cell in self.manifest["cells"]}
        return planned | {record["cell"]: record for record in self.records}

    @cached_property
    def arms(self) -> dict[ArmKey, Mapping[str, Any]]:
        """Values of the arms that are planned or have run, in the study's order."""
        used = {arm_of(cell): cell.get("values") or {} for cell in self.cells.values()}
        order = [(arm["group"], arm["name"]) for arm in self.description["arms"]]
        return {key: used[key] for key in [*order, *used] if key in used}

    @property
    def left_out(self) -> list[ArmKey]:
        """Arms of the study that are not in the plan."""
        arms = [(arm["group"], arm["name"]) for arm in self.description["arms"]]
        return [key for key in arms if key not in self.arms]

    @property
    def progress(self) -> str:
        """How many cells are done, in words."""
        text = f"{len(self.done)} of {len(self.cells)} cells done"
        return f"{text}, {len(self.failed)} failed" if self.failed else text

    @property
    def metrics(self) -> list[str]:
        """Names of all metrics, in the order in which they appear."""
        return list(
            dict.fromkeys(name for record in self.done for name in metrics_of(record))
        )

    def metric(self, name: str | None) -> str:
        """Return the name of a metric, the headline's by default.

        Raises:
            ValueError: If cells are done and none has this metric.
        """
        name = name or str(self.description["metric"])
        if self.done and name not in self.metrics:
            raise ValueError(
                f"No finished cell of {self.study} has the metric {name!r}. "
                f"Choose from: {', '.join(self.metrics)}"
            )
        return name

    def stride(self, name: str) -> int:
        """Return the epochs from one value of the history to the next."""
        for prefix, freq in (("val_", "validation_freq"), ("test_", "test_freq")):
            if name.startswith(prefix):
                return int(self.recipe.get(freq) or 1)
        return 1

    def of_arm(self, key: ArmKey) -> list[Record]:
        """Return the records of one arm."""
        return self._by_arm.get(key, [])

    @cached_property
    def _by_arm(self) -> dict[ArmKey, list[Record]]:
        by_arm: dict[ArmKey, list[Record]] = {}
        for record in self.records:
            by_arm.setdefault(arm_of(record), []).append(record)
        return by_arm

    def planned(self, key: ArmKey) -> int:
        """Return the number of cells of one arm."""
        return self._planned[key]

    @cached_property
    def _planned(self) -> Counter[ArmKey]:
        return Counter(map(arm_of, self.cells.values()))

    def baseline(self, group: str) -> ArmKey:
        """Return the arm with which those of a group are compared."""
        return group, str(self.description["baseline"])


def arm_of(cell: Record) -> ArmKey:
    """Return group and name of a cell's arm."""
    return cell["group"], cell["arm"]


def arm_name(key: ArmKey) -> str:
    """Return an arm's name with its group."""
    return f"{key[0]}: {key[1]}" if key[0] else key[1]


def metrics_of(record: Record) -> Mapping[str, float]:
    """Return the metrics of a cell; what is no number is NaN."""
    metrics = record.get("metrics") or {}
    return {n: math.nan if v is None else float(v) for n, v in metrics.items()}
