from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Batch = tuple[Any, Any]


class Split(NamedTuple):
    """Examples of one part of a data set.

    Attributes:
        x: Inputs `(count, ...)`, float32, or uint8 for images from 0 to 255.
        y: Integer classes `(count,)`.
    """

    x: Array
    y: Array
