"""Moments of a few rows, in a form that XLA makes fast."""

from keras import ops

from keras_regnoise._typing import Tensor

_UNROLLED = 16  # rows


def variance(x: Tensor, size: int) -> Tensor:
    """Unbiased variance over the first axis, which has `size` rows.

    Row by row: XLA's reduction over the first axis is thirty times slower on a CPU.
    """
    if size > _UNROLLED:
        return ops.var(x, axis=0) * (size / (size - 1))
    rows = [x[i] for i in range(size)]
    mean = _sum(rows) / size
    return _sum([ops.square(row - mean) for row in rows]) / (size - 1)


def _sum(terms: list[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
