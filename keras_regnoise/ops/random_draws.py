"""Draws for a noise layer of one's own."""

from keras_regnoise import _backend
from keras_regnoise._arguments import check_integer
from keras_regnoise._seeds import Stream, draw_seed
from keras_regnoise._typing import Seed, Sizes, Tensor


def random_uniform(shape: Sizes, seed: Seed = None, stream: int = 0) -> Tensor:
    """Draw uniform numbers in [0, 1), with the seed that a layer hands out.

    `keras.random.uniform` takes no seed that is a tensor, such as that of
    `NoiseLayer.next_noise()`, in which the training step and the replica are counted
    in. XLA computes these draws inside the loop that uses them.

    Args:
        shape: Sizes, also symbolic ones: `keras.ops.shape(x)`.
        seed: The tensor of `NoiseLayer.next_noise()`, an integer, a
            `keras.random.SeedGenerator`, or None (the default) for another draw in
            every call.
        stream: Integer of 0 or more. Draws with one seed are equal; of different
            streams they are independent. Defaults to 0.

    Returns:
        A float32 tensor, in steps of 2^-24, whatever the dtype of the layer. True with
        probability `rate` is `random_uniform(shape, seed) < rate`.

    Raises:
        ValueError: If `seed` or `stream` is none of these.

    Example:

    >>> draw = random_uniform((2, 3), seed=1)
    >>> tuple(draw.shape), bool(keras.ops.all((draw >= 0) & (draw < 1)))
    ((2, 3), True)
    """
    return _backend.uniform(tuple(shape), draw_seed(seed), _own(stream))


def random_normal(shape: Sizes, seed: Seed = None, stream: int = 0) -> Tensor:
    """Draw standard normal numbers, with the seed that a layer hands out.

    Args:
        shape: Sizes, as for `random_uniform`.
        seed: As for `random_uniform`. Uniform and normal draws with one seed and one
            stream depend on each other.
        stream: As for `random_uniform`. Defaults to 0.

    Returns:
        A float32 tensor, whatever the dtype of the layer.

    Raises:
        ValueError: If `seed` or `stream` is none of these.

    Example:

    >>> noise = random_normal((1000,), seed=1)
    >>> bool(keras.ops.abs(keras.ops.mean(noise)) < 0.1)
    True
    """
    return _backend.normal(tuple(shape), draw_seed(seed), _own(stream))


def _own(stream: int) -> int:
    meaning = "which tells apart the draws that are made with one seed"
    return Stream.OWN + check_integer("stream", stream, meaning, minimum=0)
