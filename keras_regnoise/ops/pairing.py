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
        `partner`, integers, and `sign`, float32, of shape `(samples, dim)`.
    """
    rounds = dim - 1 + dim % 2
    draws = _backend.uniform((samples, 3), seed, Stream.ROUND)
    played = ops.cast(draws[:, :1] * rounds, "int32")
    member, number = _backend.permutation(dim, seed, Stream.PAIRING)
    met = _opponent(number, played, dim)
    partner = _backend.look_up(member, met)
    sign = _sign(number, met, draws[:, 1:])
    if dim % 2:  # who has the bye is alone
        sign = ops.where(met == number, 0.0, sign)
    # Once: else for every position of a sample again.
    return _backend.once(partner), _backend.once(sign)


def _sign(number: Tensor, met: Tensor, draws: Tensor) -> Tensor:
    """Return +1 for one of each pair and -1 for the other, by a coin for each pair.

    The coin is the highest bit of `a + b * lower`, of two draws of the sample and the
    lower number of the pair: any two of a sample are independent. A hash for each
    takes far longer.
    """
    words = ops.left_shift(ops.cast(draws * 2.0**24, "int32"), 8)
    coin = words[:, :1] + words[:, 1:] * ops.minimum(met, number)
    turned = ops.bitwise_xor(met - number, coin)
    return ops.cast(ops.bitwise_or(ops.right_shift(turned, 31), 1), "float32")


def _opponent(number: Tensor, played: Tensor, size: int) -> Tensor:
    """Return whom a number from 0 to `size - 1` meets in a round of the tournament."""
    if size.bit_count() == 1:
        return ops.bitwise_xor(number, played + 1)
    # Two meet in the round that is half the sum of their numbers, counted in a circle;
    # the round of one's own number is a bye.
    circle = size - 1 + size % 2
    met = 2 * played - number
    met = ops.where(met < 0, met + circle, met)
    met = ops.where(met >= circle, met - circle, met)
    if size % 2:
        return met
    met = ops.where(met == number, circle, met)  # the last one meets who has the bye
    return ops.where(number == circle, played, met)
