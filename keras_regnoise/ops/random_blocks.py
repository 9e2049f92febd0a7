import math
from typing import Any

import numpy as np
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._seeds import Stream

_NEWTON_STEPS = 20


def random_blocks(
    batch_size: Any, sizes: Any, block_size: int, fraction: Any, seed: Any
) -> Any:
    """Draw a mask of random contiguous blocks that cover a given share of a map.

    Every position at which a whole block fits starts one, independently and with the
    same probability; blocks may overlap. Along an axis shorter than the block, the
    block covers the axis.

    Args:
        batch_size: Number of masks.
        sizes: Sizes of the map, one to three integers or symbolic sizes.
        block_size: Side of a block, an integer.
        fraction: Expected share of the positions inside a block, in [0, 1), a float
            or a scalar tensor.
        seed: Tensor of two integers.

    Returns:
        A float32 tensor `(batch_size, *sizes)`, 1 inside the blocks and 0 elsewhere.

    Reference:
        DropBlock: A regularization method for convolutional networks, algorithm 1. Its
        probability of a start neglects that blocks overlap and covers too little; ours
        is solved for, so that the expected share is exactly `fraction`.
    """
    starts = [_largest(size - block_size + 1, 1) for size in sizes]
    probability = _start_probability(sizes, starts, block_size, fraction)
    # Not `bernoulli`: a probability of starts can be smaller than its steps.
    draw = _backend.uniform((batch_size, *starts), seed, Stream.BLOCKS)
    mask = ops.expand_dims(ops.cast(draw < probability, "float32"), -1)
    if block_size > 1:
        margin = [(block_size - 1, block_size - 1)] * len(sizes)
        mask = ops.pad(mask, [(0, 0), *margin, (0, 0)])
        mask = ops.max_pool(
            mask, block_size, strides=1, padding="valid", data_format="channels_last"
        )
    window = tuple(slice(size) for size in sizes)
    return mask[(slice(None), *window, 0)]


def _largest(first: Any, second: int) -> Any:
    if isinstance(first, int):
        return max(first, second)
    return ops.maximum(first, second)


def _start_probability(sizes: Any, starts: Any, block_size: int, fraction: Any) -> Any:
    """Solve `mean(1 - (1 - probability)^count) = fraction` over all positions.

    `count` is the number of blocks that could cover the position. In `a = -log(1 -
    probability)` the left side is concave and increasing, so Newton's method from 0
    rises to the solution.
    """
    is_static = all(isinstance(value, int | float) for value in (*sizes, fraction))
    xp = np if is_static else ops
    count = 1.0
    for axis, (size, number) in enumerate(zip(sizes, starts, strict=True)):
        position = xp.arange(size, dtype="int32")
        covering = (
            xp.minimum(position, number - 1)
            - xp.maximum(position - block_size + 1, 0)
            + 1
        )
        shape = [1] * len(sizes)
        shape[axis] = -1
        dtype = "float64" if is_static else "float32"
        covering = covering.astype(dtype) if is_static else ops.cast(covering, dtype)
        count = count * xp.reshape(covering, shape)
    exponent = 0.0
    for _ in range(_NEWTON_STEPS):
        outside = xp.exp(-exponent * count)
        slope = xp.mean(count * outside)
        exponent = exponent + (fraction - 1.0 + xp.mean(outside)) / slope
    return 1.0 - (math.exp(-exponent) if is_static else ops.exp(-exponent))
