from typing import Any

from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_integer
from keras_regnoise._seeds import Stream, draw_seed
from keras_regnoise._typing import Size, Tensor


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
    partner, sign = pairing(dim, batch_size, draw_seed(seed))
    return ops.cast(partner, "int32"), sign


def pairing(dim: Size, batch_size: Size | None, seed: Tensor) -> tuple[Tensor, Tensor]:
    """Draw a random pairing; the number of features may be a symbolic size."""
    # Of a random permutation, the first half are the first members of the pairs, the
    # second half the second; an odd one stays at the end.
    if batch_size is None:
        member, rank = _backend.permutation(dim, seed, Stream.PAIRING)
    else:
        keys = _backend.uniform((batch_size, dim), seed, Stream.PAIRING)
        member = ops.argsort(keys, axis=-1)
        rank = ops.argsort(member, axis=-1)
    half = dim // 2
    parts = [member[..., half : 2 * half], member[..., :half]]
    if not isinstance(dim, int) or dim % 2:
        parts.append(member[..., 2 * half :])
    mate = ops.concatenate(parts, axis=-1)
    sign = 1.0 - 2.0 * ops.cast(rank >= half, "float32")
    if not isinstance(dim, int) or dim % 2:
        sign = ops.where(rank < 2 * half, sign, 0.0)
    if batch_size is None:
        partner = _backend.look_up(mate, rank)
    else:
        partner = _backend.take_per_sample(mate, rank, axis=1)
    return partner, sign


def pairing_per_sample(dim: int, samples: Size, seed: Tensor) -> tuple[Tensor, Tensor]:
    """Draw a pairing for every sample, without a sort for each.

    The pairings are rounds of one tournament, in which everybody meets everybody once:
    one permutation deals the numbers, and every sample draws its round. Each pairing
    is uniform, as those of `random_pairing`, and the orientations of its pairs are
    independent; two samples have the same pairs or none in common.

    Args:
        dim: Number of features, 2 or more.
        samples: Number of pairings.
        seed: Tensor of two integers.

    Returns:
        `partner`, int32, and `sign`, float32, of shape `(samples, dim)`.
    """
    rounds = dim - 1 + dim % 2
    draw = _backend.uniform((samples, 1), seed, Stream.ROUND)
    played = ops.cast(draw * rounds, "int32")
    member, number = _backend.permutation(dim, seed, Stream.PAIRING)
    # Two meet in the round that is half the sum of their numbers, counted in a circle;
    # the round of one's own number is a bye.
    circle = ops.tile(member[:rounds], 4)
    partner = _backend.look_up(circle, 2 * played + rounds - number)
    feature = ops.arange(dim, dtype="int32")
    if dim % 2 == 0:  # the last one meets who has the bye
        last, bye = member[rounds:], _backend.look_up(circle, played)
        partner = _backend.put(partner, bye, last)
        partner = _backend.put(partner, last, bye)
    partner = _backend.once(partner)  # else for every position of a sample again
    # A coin for every pair, told by the lower of its features.
    coin = _backend.coins(ops.minimum(partner, feature), seed, Stream.SIGN)
    sign = coin * ops.sign(ops.cast(partner - feature, "float32"))
    return partner, _backend.once(sign)
