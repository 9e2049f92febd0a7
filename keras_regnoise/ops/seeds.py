from typing import Any

import keras
from keras import ops

_LIMIT = 2**31 - 1  # the largest seed that every backend takes


def validate_seed(seed: Any) -> None:
    """Raise `ValueError` if `seed` is neither None nor an integer of 31 bits."""
    is_integer = isinstance(seed, int) and not isinstance(seed, bool)
    if seed is not None and not (is_integer and 0 <= seed <= _LIMIT):
        raise ValueError(
            f"`seed` must be None or an integer from 0 to {_LIMIT}, which every "
            f"backend takes. Received: seed={seed!r}"
        )


def draw_seed(seed: Any) -> Any:
    """Turn what Keras accepts as a seed into a tensor of two integers."""
    if isinstance(seed, keras.random.SeedGenerator):
        return seed.next()
    if seed is None:
        return keras.random.randint((2,), 0, _LIMIT, dtype="int32")
    if not hasattr(seed, "shape"):
        validate_seed(seed)
        seed = [seed, 0]
    return ops.convert_to_tensor(seed)
