from collections import defaultdict
from collections.abc import Sequence

from keras_regnoise.studies.run import ArmKey, arm_key
from keras_regnoise.studies.study import Cell


class Familiar:
    """Which worker has trained which arms, whose compiled programs it then has."""

    def __init__(self) -> None:
        self._arms: defaultdict[str, set[ArmKey]] = defaultdict(set)

    def note(self, worker: str, cell: Cell) -> None:
        """Note that a worker trains a cell."""
        self._arms[worker].add(arm_key(cell.arm))

    def choose(self, worker: str, waiting: Sequence[Cell]) -> Cell:
        """Return the cell that a worker has least to compile for.

        It is one of the seed that is next, so that half a run still compares all arms:
        the first of an arm that the worker knows, else of one that no worker knows.

        Args:
            worker: The worker.
            waiting: The cells in the order in which they are to run, at least one.
        """
        known = self._arms[worker]
        taken = set().union(*self._arms.values())

        def cost(cell: Cell) -> tuple[bool, bool]:
            arm = arm_key(cell.arm)
            return arm not in known, arm in taken

        seed = waiting[0].seed
        return min((cell for cell in waiting if cell.seed == seed), key=cost)
