from typing import Any

from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_integer
from keras_regnoise._seeds import Stream, draw_seed


def random_pairing(
    dim: int, batch_size: Any = None, seed: Any = None
) -> tuple[Any, Any]:
    """Draw a random pairing of features with a random orientation.

    Uniform over all pairings and all orientations of the pairs. With an odd `dim` one
    feature, drawn at random, stays alone.

    Args:
        dim: Number of features, an integer of 1 or more.
        batch_size: Number of independent pairings, or None (the default) for one
            without a batch axis.
        seed: Integer, `keras.random.SeedGenerator`, tensor of two integers, or None.

    Returns:
        `partner`, int32 of shape `(dim,)` or `(batch_size, dim)`: the partner of each
        feature (an unpaired feature is its own), and `sign`, float32 of the same
        shape: +1 and -1 within a pair, 0 for the unpaired feature.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equations 1 and 2.
        There a permutation of an even number of features; any number here.

    Example:

    >>> partner, sign = random_pairing(5, seed=1)
    >>> sorted(keras.ops.convert_to_numpy(sign).tolist())
    [-1.0, -1.0, 0.0, 1.0, 1.0]
    """
    dim = check_integer("dim", dim, "the number of features", minimum=1)
    shape = (dim,) if batch_size is None else (batch_size, dim)
    # The order of random numbers is a random permutation. Its first half are the first
    # members of the pairs, its second half the second; an odd one stays at the end.
    member = ops.argsort(
        _backend.uniform(shape, draw_seed(seed), Stream.PAIRING), axis=-1
    )
    rank = _inverse(ops.cast(member, "int32"))
    half = dim // 2
    mate = (rank + half) % max(2 * half, 1)
    sign = ops.where(rank < half, 1.0, -1.0)
    if dim % 2:
        is_alone = rank == dim - 1
        mate = ops.where(is_alone, rank, mate)
        sign = ops.where(is_alone, 0.0, sign)
    if batch_size is None:
        partner = ops.take(member, mate, axis=-1)
    else:
        partner = _backend.take_per_sample(member, mate, axis=1)
    return ops.cast(partner, "int32"), ops.cast(sign, "float32")


def _inverse(permutation: Any) -> Any:
    if permutation.ndim > 1:
        return ops.argsort(permutation, axis=-1)
    # Half the time of a second sort. (`ops.scatter` is a Python loop on torch.)
    positions = ops.arange(permutation.shape[0], dtype="int32")
    return ops.scatter_update(positions, permutation[:, None], positions)
