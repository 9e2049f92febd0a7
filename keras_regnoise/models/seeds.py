"""Seeds that depend on a run and on a name, and on nothing else."""

import hashlib
from typing import overload


@overload
def derived_seed(seed: int, name: str) -> int: ...
@overload
def derived_seed(seed: None, name: str) -> None: ...
@overload
def derived_seed(seed: int | None, name: str) -> int | None: ...
def derived_seed(seed: int | None, name: str) -> int | None:
    """Return the seed of one layer of one run.

    Two models built with the same run seed start from the same weights in every
    layer whose name they share, whatever else stands between those layers. Runs can
    then be compared in pairs. The seeds are spread widely, because neighbouring
    integers give shifted copies of one noise stream on the torch backend.

    Args:
        seed: Seed of the run, or `None` for a fresh draw every time.
        name: Name of the layer.

    Returns:
        A Python integer in `[0, 2**31)`, the range that every backend accepts, or
        `None` if `seed` is `None`.

    Example:
        >>> derived_seed(1, "stem_conv") == derived_seed(1, "stem_conv")
        True
        >>> derived_seed(1, "stem_conv") == derived_seed(2, "stem_conv")
        False
    """
    if seed is None:
        return None
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
