import math

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Size, Tensor, TensorLike, WithResiduals
from keras_regnoise.ops._precision import wide_dtype, widened


def rotate(
    x: TensorLike,
    partner: TensorLike,
    sign: TensorLike,
    tangent: TensorLike,
    center: TensorLike | None = None,
    axis: int = -1,
) -> Tensor:
    """Rotate feature vectors in random planes, divided by the cosine of the angle.

    `y[i] = x[i] + tangent * sign[i] * (x[partner[i]] - center[partner[i]])`: every
    feature gets a share of its partner's deviation from the centre, and the partner
    the opposite share of its own.

    Args:
        x: Float tensor of any rank.
        partner: Integer tensor `(D,)`, or `(batch, D)` for a pairing per sample: the
            partner of each of the `D` features along `axis`, an involution.
        sign: Tensor of `partner`'s shape: +1 and -1 for the two features of a pair,
            0 for an unpaired feature.
        tangent: Tangents of the angles, a tensor that broadcasts against `x` with
            size 1 on `axis`.
        center: Centre of the rotation, a tensor that broadcasts against `x`.
            Defaults to None, the origin.
        axis: The feature axis. Defaults to the last.

    Returns:
        A tensor of the shape and dtype of `x`, differentiable in `x`, `tangent` and
        `center`.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equations 3 and 9.

    Example:

    >>> x = keras.ops.convert_to_tensor([[1.0, 2.0, 3.0, 4.0]])
    >>> y = rotate(x, partner=[2, 3, 0, 1], sign=[1.0, -1.0, -1.0, 1.0], tangent=0.5)
    >>> keras.ops.convert_to_numpy(y).tolist()
    [[2.5, 0.0, 2.5, 5.0]]
    """
    x = _backend.as_tensor(x)
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(x.dtype)):
        raise ValueError(
            f"`x` must be a floating-point tensor, because a tangent is a fraction. "
            f"Received: dtype={keras.backend.standardize_dtype(x.dtype)}"
        )
    partner = ops.cast(_backend.as_tensor(partner), "int32")
    sign, tangent = _backend.as_tensor(sign), _backend.as_tensor(tangent)
    center = None if center is None else _backend.as_tensor(center)
    return _rotated(x, partner, sign, tangent, center, axis)


def _rotated(
    x: Tensor,
    partner: Tensor,
    sign: Tensor,
    tangent: Tensor,
    center: Tensor | None = None,
    axis: int = -1,
) -> Tensor:
    """Do what `rotate` does, with tensors alone: a check costs something on torch."""
    deviation = x if center is None else x - _like(center, x)
    partners = _take(deviation, partner, axis)
    sign = _along(_like(sign, x), x.ndim, axis)
    return _backend.add_turned(x, _like(tangent, x), sign, partners)


def centered_rotation(
    x: Tensor,
    partner: Tensor,
    sign: Tensor,
    tangent: Tensor,
    weights: Tensor | None,
    axis: int,
    masked: bool = False,
) -> WithResiduals:
    """Rotate about the weighted mean of `x` over every axis but `axis`.

    Args:
        x: As for `rotate`, and so are `partner`, `sign`, `tangent` and `axis`.
        partner: See `x`.
        sign: See `x`.
        tangent: See `x`.
        weights: Those of `mean_weights`, a tensor that broadcasts against `x`, of size
            1 on `axis`. None: the origin.
        axis: See `x`.
        masked: Whether some weights are 0: what stands there may be NaN.

    Returns:
        The output, and all that `rotation_gradient` needs: nothing of the size of
        `x`, in which the operation is linear.
    """
    residuals = partner, sign, tangent, weights
    if partner.ndim == 1:
        vectors = partner, sign, tangent, tangent, weights
        return _turn(x, *vectors, axis=axis, masked=masked), residuals
    if weights is None:
        return _rotated(x, partner, sign, tangent, axis=axis), residuals
    total = _weighted_sum(_valid(x, weights) if masked else x, weights, axis)
    if x.ndim == 2:
        return _rotated(x, partner, sign, tangent, total), residuals
    y = _rotated(x, partner, sign, tangent, axis=axis)
    path = _like(sign, total) * _backend.look_up(total, partner)
    path = _like(tangent, path) * _along(path, x.ndim, axis)
    return y - _like(path, y), residuals


def rotation_tangent(
    moved: Tensor, *residuals: Tensor, axis: int, **_: object
) -> Tensor:
    """Apply `centered_rotation` to a tangent of `x`, in which it is linear."""
    partner, sign, tangent, weights = residuals
    rotated = centered_rotation(moved, partner, sign, tangent, weights, axis, True)
    return rotated[0]


def rotation_gradient(
    gradient: Tensor,
    partner: Tensor,
    sign: Tensor,
    tangent: Tensor,
    weights: Tensor | None,
    *,
    axis: int,
    **_: object,
) -> Tensor:
    """Apply the adjoint of `centered_rotation`: the opposite rotation.

    The path through the mean is exact: `gx = b + weights * sum(gradient - b)` with
    `b` the opposite rotation of the gradient about the origin.
    """
    if partner.ndim == 1:
        inner = None if weights is None else tangent
        vectors = partner, -sign, tangent, weights, inner
        return _turn(gradient, *vectors, axis=axis, masked=False)
    b = _rotated(gradient, partner, -sign, tangent, axis=axis)
    if weights is None:
        return b
    if gradient.ndim == 2:
        path = ops.sum(widened(gradient) - widened(b), axis=0)
    else:  # a permuted sum is the sum of what was permuted, a vector for each sample
        total = _weighted_sums(gradient, tangent, axis)
        path = ops.sum(_like(sign, total) * _take(total, partner, 1), axis=0)
        path = _backend.once(path)
    path = _along(path, gradient.ndim, axis)
    return b + _like(_like(weights, path) * path, b)


@_backend.piece
def _turn(
    x: Tensor,
    partner: Tensor,
    sign: Tensor,
    tangent: Tensor,
    outer: Tensor | None,
    inner: Tensor | None,
    *,
    axis: int,
    masked: bool,
) -> Tensor:
    """Return `x + tangent * S x - outer * S sum(inner * x)`, one pairing for all.

    `S` takes the partners with their signs. With the tangents as `outer` and the
    weights of the mean as `inner`, it is a rotation about the mean; the other way
    round, with the opposite signs, the adjoint: one program for both.
    """
    y = _rotated(x, partner, sign, tangent, axis=axis)
    if outer is None or inner is None:
        return y
    # The sum of permuted vectors is the permuted sum, which is one small vector.
    total = _weighted_sum(_valid(x, inner) if masked else x, inner, axis)
    path = _like(sign, total) * _take(total, partner, 0)
    path = _like(outer, path) * _along(path, x.ndim, axis)
    return y - _like(path, y)


def _like(x: Tensor, other: Tensor) -> Tensor:
    """Cast to the dtype of another, if need be: a call costs something on torch."""
    return x if x.dtype == other.dtype else ops.cast(x, other.dtype)


def _valid(x: Tensor, weights: Tensor) -> Tensor:
    """Return `x` with zeros where it does not count: padding may be NaN."""
    return ops.where(weights != 0, x, ops.zeros((), x.dtype))


def rotation_weights(
    x: Tensor, mask: Tensor | None, tangent: Tensor, axis: int
) -> Tensor:
    """Those of `mean_weights`, of the shape of the tangents where there is no mask.

    A rotation and its adjoint, in which they change places, are one program then.
    """
    if mask is not None:
        return mean_weights(x, mask, axis)
    # A product: torch can't fill where Keras infers shapes, on tensors without values.
    return ops.ones(ops.shape(tangent), wide_dtype(x)) * _equal_weight(x, axis)


def mean_weights(x: Tensor, mask: Tensor | None, axis: int) -> Tensor:
    """Weights of the mean over every axis but `axis`, without the masked positions.

    In float32, or in the float64 of `x`. They sum to 1, but are 0 for a single vector:
    it is its own mean, about which there would be no noise. With weights of 0 the
    centre is the origin.
    """
    if mask is None:
        return ops.ones([1] * x.ndim, wide_dtype(x)) * _equal_weight(x, axis)
    sizes = list(ops.shape(x))
    sizes[axis] = 1
    mask = ops.cast(mask, wide_dtype(x))
    mask = ops.reshape(mask, (*ops.shape(mask), *[1] * (x.ndim - mask.ndim)))
    mask = ops.broadcast_to(mask, sizes)
    count = ops.sum(mask)
    return ops.where(count > 1.0, mask / ops.maximum(count, 1.0), 0.0)


def _equal_weight(x: Tensor, axis: int) -> float | Tensor:
    sizes = list(ops.shape(x))
    sizes[axis] = 1
    count = math.prod(sizes)
    if isinstance(count, int):
        return 1.0 / count if count > 1 else 0.0
    count = ops.cast(count, wide_dtype(x))
    return ops.where(count > 1.0, 1.0 / ops.maximum(count, 1.0), 0.0)


def unpaired_correction(dim: Size) -> float | Tensor:
    """Make up for the feature that an odd number leaves unpaired, so without noise."""
    if isinstance(dim, int):
        return math.sqrt(dim / (dim - 1)) if dim % 2 else 1.0
    count = ops.cast(dim, "float32")
    correction = ops.sqrt(count / ops.maximum(count - 1.0, 1.0))
    return ops.where(dim % 2 == 1, correction, 1.0)


def _weighted_sum(x: Tensor, weights: Tensor, axis: int) -> Tensor:
    axis, weights = axis % x.ndim, ops.cast(weights, wide_dtype(x))
    if axis == x.ndim - 1:
        return _backend.weighted_sum(x, weights)
    others = [i for i in range(x.ndim) if i != axis]
    return ops.sum(widened(x) * weights, axis=others)


def _weighted_sums(x: Tensor, weights: Tensor, axis: int) -> Tensor:
    axis, weights = axis % x.ndim, ops.cast(weights, wide_dtype(x))
    if axis == x.ndim - 1:
        return _backend.weighted_sums(x, weights)
    others = [i for i in range(1, x.ndim) if i != axis]
    return ops.sum(widened(x) * weights, axis=others)


def _along(vector: Tensor, rank: int, axis: int) -> Tensor:
    """Reshape (D,) or (batch, D) to broadcast against a tensor of the given rank."""
    axis %= rank
    # Broadcasting adds the axes before a vector.
    between = [None] * (axis - 1) if vector.ndim == 2 else []
    behind = [None] * (rank - 1 - axis)
    if not between and not behind:
        return vector
    return vector[(*[slice(None)] * (vector.ndim - 1), *between, slice(None), *behind)]


def _take(x: Tensor, partner: Tensor, axis: int) -> Tensor:
    if partner.ndim == 1:
        return _backend.take(x, partner, axis % x.ndim)
    return _backend.take_per_sample(x, partner, axis)
