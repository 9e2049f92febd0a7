"""Random permutations, as the order of random numbers."""

from keras import ops

from keras_regnoise._backend.hashing import uniform
from keras_regnoise._typing import Size, Tensor


def permutation(size: Size, seed: Tensor, stream: int) -> tuple[Tensor, Tensor]:
    """Return a random permutation and its inverse, int32 of shape (size,)."""
    order = ops.cast(ops.argsort(uniform((size,), seed, stream)), "int32")
    positions = ops.arange(ops.shape(order)[0], dtype="int32")
    return order, ops.scatter_update(positions, order[:, None], positions)
