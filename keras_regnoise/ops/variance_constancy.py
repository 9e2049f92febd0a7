from typing import Any

from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import as_number, check_integer, check_number


def variance_constancy_loss(
    x: Any, beta: Any, sample_size: int = 2, mask: Any = None
) -> Any:
    """Penalize units whose variance changes from one small sample to the next.

    With `a` and `b` the unbiased variances of one unit over the first and the second
    `sample_size` samples of the batch, the loss is the mean over units of
    `(1 - a / (b + beta))^2`. Every element but the batch axis is a unit.

    Args:
        x: Activations `(batch, ...)`.
        beta: Positive float or tensor that broadcasts against `x[0]`; keeps the ratio
            finite where a unit is constant.
        sample_size: Samples in each of the two subsets, 2 or more. Defaults to 2,
            the paper's best for convolutional networks.
        mask: Optional boolean tensor of the leading axes of `x`, such as
            `(batch, time)`: False where a value is padding. A unit with fewer than two
            valid values in either subset does not count.

    Returns:
        A float32 scalar, computed in float32 whatever the dtype of `x`; 0 with a zero
        gradient for a batch of fewer than `2 * sample_size` samples, compiled by XLA
        or not.

    Raises:
        ValueError: If `sample_size` is no integer of 2 or more, or `beta` a number that
            is not positive.

    Reference:
        Regularizing by the Variance of the Activations' Sample-Variances, equation 17.
        The authors' code returns NaN or an error for small batches; 0 here.

    Example:

    >>> x = keras.ops.convert_to_tensor([[0.0], [2.0], [0.0], [1.0]])
    >>> float(variance_constancy_loss(x, beta=0.5))  # (1 - 2 / (0.5 + 0.5))^2
    1.0
    """
    sample_size = check_sample_size(sample_size)
    if as_number(beta) is not None:
        check_number("beta", beta, "or a tensor", above=0)
    x = ops.convert_to_tensor(x)
    is_enough = _has_rows(x, 2 * sample_size)
    rows = _leading_rows(x, 2 * sample_size, is_enough)
    beta = ops.cast(beta, "float32")
    if mask is None:
        loss = _loss(rows, beta, sample_size=sample_size)
    else:
        mask = ops.cast(mask, "bool")
        mask = ops.reshape(mask, ops.shape(mask) + (1,) * (x.ndim - mask.ndim))
        mask = _leading_rows(mask, 2 * sample_size, is_enough)
        loss = _masked_loss(rows, beta, mask, sample_size)
    return ops.where(is_enough, loss, 0.0)


def _has_rows(x: Any, count: int) -> Any:
    """Whether `x` has `count` rows: a bool, or a tensor where it is not known yet."""
    size = ops.shape(x)[0]
    if isinstance(size, int):
        return size >= count
    # Symbolic sizes, of an export on JAX, cannot be compared.
    return ops.pad(ops.ones((size,), "bool"), [(0, count)])[count - 1]


def _leading_rows(x: Any, count: int, is_enough: Any) -> Any:
    """Return the first `count` rows of `x`, zeros where it has fewer.

    Not by a condition: XLA compiles the branch that is not taken too, and refuses rows
    that are not there. Zeros have a finite loss, whose gradient no row of `x` gets.
    """
    if is_enough is True:  # known while tracing
        return x[:count]
    nothing = [(0, 0)] * (x.ndim - 1)
    rows = ops.pad(x[:count], [(0, count), *nothing])[:count]
    return ops.where(is_enough, rows, ops.zeros_like(rows))


def check_sample_size(sample_size: object) -> int:
    """Return `sample_size`, or raise `ValueError` if it is no integer of 2 or more."""
    meaning = (
        "because the variance of one sample is not defined; the batch must have at "
        "least twice as many samples"
    )
    return check_integer("sample_size", sample_size, meaning, minimum=2)


def _per_unit(first: Any, second: Any, beta: Any) -> Any:
    return ops.square(1.0 - first / (second + beta))


@_backend.compiled
def _loss(x: Any, beta: Any, *, sample_size: int) -> Any:
    x = ops.cast(x, "float32")
    first = _backend.variance(x[:sample_size], sample_size)
    second = _backend.variance(x[sample_size:], sample_size)
    return ops.mean(_per_unit(first, second, beta))


def _masked_loss(x: Any, beta: Any, mask: Any, sample_size: int) -> Any:
    first, enough_first = _masked_variance(x, mask, 0, sample_size)
    second, enough_second = _masked_variance(x, mask, sample_size, sample_size)
    per_unit = _per_unit(first, second, beta)
    counts = ops.cast(enough_first & enough_second, "float32")
    counts = ops.broadcast_to(counts, ops.shape(per_unit))
    return ops.divide_no_nan(ops.sum(per_unit * counts), ops.sum(counts))


def _masked_variance(x: Any, mask: Any, start: int, size: int) -> tuple[Any, Any]:
    """Unbiased variance of each unit over a slice of the batch, and if it has one."""
    sample = ops.cast(x[start : start + size], "float32")
    is_valid = mask[start : start + size]
    # Not by the product: padding may hold anything, and 0 * NaN is NaN.
    sample = ops.where(is_valid, sample, 0.0)
    valid = ops.cast(is_valid, "float32")
    count = ops.sum(valid, axis=0)
    mean = ops.sum(sample * valid, axis=0) / ops.maximum(count, 1.0)
    squares = ops.sum(ops.square(sample - mean) * valid, axis=0)
    return squares / ops.maximum(count - 1.0, 1.0), count >= 2.0


def check_weight(weight: object) -> float:
    """Return `weight`, or raise `ValueError` if it is no number of 0 or more."""
    return check_number("weight", weight, "the factor of the loss", minimum=0)
