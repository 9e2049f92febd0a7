"""A counter-based random generator of plain integer arithmetic.

Draw ``i`` of a call is ``mix(mix(i + k0) ^ k1)``, where ``(k0, k1)`` is a hash of the
seed, the step and the stream, and ``mix`` is a 32-bit finalizer with full avalanche
(xor-shift-multiply, twice). It has no state and no loop, so XLA fuses it into the
loop that uses the noise: the draws never reach memory. Two rounds with two keys,
because one round would give every key a window of one and the same sequence.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regnoise._typing import Sizes, Tensor

# Multipliers found by C. Wellons' search for low-bias 32-bit integer hashes.
_MULTIPLIER_1, _MULTIPLIER_2 = 0x7FEB352D, 0x846CA68B
_GOLDEN_RATIO = 0x9E3779B9  # 2**32 / golden ratio: spreads consecutive streams


def _u32(value: int) -> Any:
    return np.uint32(value & 0xFFFFFFFF)


def _mix(h: Tensor) -> Tensor:
    h = ops.bitwise_xor(h, ops.right_shift(h, _u32(16))) * _u32(_MULTIPLIER_1)
    h = ops.bitwise_xor(h, ops.right_shift(h, _u32(15))) * _u32(_MULTIPLIER_2)
    return ops.bitwise_xor(h, ops.right_shift(h, _u32(16)))


def _keys(seed: Tensor, stream: int) -> tuple[Tensor, Tensor]:
    state = ops.cast(seed, "uint32")
    keys = _mix(_mix(state + _u32(stream * _GOLDEN_RATIO)) + ops.flip(state))
    return keys[:1], keys[1:]


def bits(shape: Sizes, seed: Tensor, stream: int) -> Tensor:
    """Uniform uint32 of the given shape (Python or symbolic sizes)."""
    first, second = _keys(seed, stream)
    index = ops.cast(ops.arange(math.prod(shape)), "uint32")
    return ops.reshape(_mix(ops.bitwise_xor(_mix(index + first), second)), shape)


def uniform(shape: Sizes, seed: Tensor, stream: int = 0) -> Tensor:
    """float32 in [0, 1), 24 bits."""
    high = ops.right_shift(bits(shape, seed, stream), _u32(8))
    return ops.cast(high, "float32") * np.float32(2.0**-24)


def bernoulli(shape: Sizes, rate: Tensor, seed: Tensor, stream: int = 0) -> Tensor:
    """True with probability `rate`, a float or a scalar tensor."""
    return uniform(shape, seed, stream) < rate


def once(draw: Tensor) -> Tensor:
    """Return finite numbers, or integers below 2**24, computed once.

    XLA computes what consists of cheap operations again in every loop that reads it,
    which for a Gaussian makes these loops slow, and slow to compile. A division is not
    cheap.
    """
    exact = keras.backend.is_float_dtype(keras.backend.standardize_dtype(draw.dtype))
    number = draw if exact else ops.cast(draw, "float32")
    return ops.cast(number / (1.0 + 0.0 * number), draw.dtype)


def normal(shape: Sizes, seed: Tensor, stream: int = 0) -> Tensor:
    """Standard normal float32, by the inverse of the distribution function."""
    # Cell centres of (-1, 1): never exactly -1 or 1, where erfinv is infinite.
    centred = (uniform(shape, seed, stream) - np.float32(0.5 - 2.0**-25)) * 2.0
    # By the lower half: the upper end is infinite in TensorFlow's erfinv outside XLA.
    magnitude = -ops.erfinv(-ops.absolute(centred)) * np.float32(np.sqrt(2.0))
    return ops.sign(centred) * magnitude
