"""Seeds: which are accepted, how they are derived by name, and the streams of one.

A seed is a Python integer of 31 bits: Keras refuses NumPy's, torch takes 31 bits, JAX
32 and TensorFlow more.
"""

import enum
import hashlib
from typing import TYPE_CHECKING, overload

from keras_regnoise._arguments import as_integer, message

if TYPE_CHECKING:
    from keras_regnoise._typing import Seed, Tensor

LARGEST_SEED = 2**31 - 1


class Stream(enum.IntEnum):
    """Separates the draws that are made with one seed.

    The numbers are part of what a saved random state means: never change one, nor
    give 5 away, which was in use once. A layer with noise on several weights counts on
    from `NOISE`, and what a layer of a user's own draws from `OWN`.
    """

    NOISE = 0
    PAIRING = 1
    TANGENT = 2
    SIGN = 3
    BLOCKS = 4
    ROUND = 6
    OWN = 2**16


def check_seed(seed: object) -> int | None:
    """Return a seed, or raise `ValueError` if it is not an integer of 31 bits."""
    if seed is None:
        return None
    number = as_integer(seed)
    if number is None or not 0 <= number <= LARGEST_SEED:
        kind = f"None or an integer from 0 to {LARGEST_SEED}"
        raise ValueError(message("seed", seed, kind, "which every backend takes"))
    return number


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
    seed = check_seed(seed)
    if seed is None:
        return None
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def draw_seed(seed: "Seed") -> "Tensor":
    """Turn what Keras accepts as a seed into a tensor of two integers."""
    import keras  # here, because most of this module starts without a backend

    if isinstance(seed, keras.random.SeedGenerator):
        return seed.next()
    if seed is None:
        return keras.random.randint((2,), 0, LARGEST_SEED, dtype="int32")
    if getattr(seed, "shape", ()) == ():
        seed = [check_seed(seed), 0]
    return keras.ops.convert_to_tensor(seed)
