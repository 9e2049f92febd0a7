from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Decoded bytes of a set above which it is read in batches.
STREAM_ABOVE = 8e9


@dataclass(frozen=True, eq=False)
class Stream:
    """One split of a data set that is too large for the memory.

    It stands where a `Split` stands, has no arrays, and is read by `DataSet.batches`.

    Attributes:
        open: Gets a seed, or None for the order of the files, and returns a
            `tf.data.Dataset` of uint8 images `(height, width, channels)` and targets.
        count: Number of examples.
        fitted: Whether the images have the shape of the data set already. Else they are
            resized and cropped to it, which targets with places do not allow.
    """

    open: Callable[[int | None], Any]
    count: int
    fitted: bool = False

    def __len__(self) -> int:
        return self.count
