"""Cells that are compared were trained on the same data."""

from collections.abc import Mapping
from typing import Any

from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run import Run


class SameData:
    """Compares the data of a cell with those of the cells before.

    A function that draws or shuffles without a seed returns other data in every
    process; and a file may be another one when a run goes on.

    Args:
        run: The run; its records are read when data are new to this process.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[Any, str] = {}

    def check(self, seed: int, data: Mapping[str, Any]) -> None:
        """Raise `InputError` if cells of the run have other data of that name."""
        key = self._run.data_key(seed, data)
        if key not in self._known:
            earlier = self._run.with_records().fingerprints
            self._known |= {known: prints[0] for known, prints in earlier.items()}
        now = data["fingerprint"]
        if (before := self._known.setdefault(key, now)) != now:
            raise InputError(
                f"The data {data['name']} are other ones than those of the cells "
                f"before, so that they can't be compared. Received {now}, expected "
                f"{before}. Give what draws or shuffles in the function that loads "
                "them a fixed seed; if the data have changed, choose another folder."
            )
