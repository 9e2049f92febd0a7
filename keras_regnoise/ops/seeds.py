from typing import Any

import keras
from keras import ops

from keras_regnoise._arguments import is_integer

_LIMIT = 2**31 - 1  # the largest seed that every backend takes


def validate_seed(seed: Any) -> int | None:
    """Return a seed, or raise `ValueError` if it is no integer of 31 bits."""
    if seed is None:
        return None
    if not is_integer(seed) or not 0 <= seed <= _LIMIT:
        raise ValueError(
            f"`seed` must be None or an integer from 0 to {_LIMIT}, which every "
            f"backend takes. Received: seed={seed!r}"
        )
    return int(seed)


def draw_seed(seed: Any) -> Any:
    """Turn what Keras accepts as a seed into a tensor of two integers."""
    if isinstance(seed, keras.random.SeedGenerator):
        return seed.next()
    if seed is None:
        return keras.random.randint((2,), 0, _LIMIT, dtype="int32")
    if getattr(seed, "shape", ()) == ():
        seed = [validate_seed(seed), 0]
    return ops.convert_to_tensor(seed)
