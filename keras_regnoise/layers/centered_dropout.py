from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Config, Rate, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.checks import (
    check_axis,
    check_float,
    check_mask,
    feature_size,
    warn_of_one_vector,
)
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops._precision import widened
from keras_regnoise.ops.drop import drop, kept_scale
from keras_regnoise.ops.rotate import mean_weights


@keras.saving.register_keras_serializable(package="keras_regnoise")
class CenteredDropout(NoiseLayer):
    """Dropout of the deviations from the mean: a dropped unit is at its mean, not at 0.

    In training `y = (x - c) * m + c`, where `c` is the mean of each feature over the
    batch and all positions and `m` is Dropout's mask, 0 with probability `rate` and
    `1 / (1 - rate)` otherwise. The noise then does not grow with the mean of the
    features, which after a ReLU is most of their size. Before a BatchNormalization the
    variance in training is that at inference divided by `1 - rate`, whatever the
    weights: a shift that can be corrected.

    A single vector, as in a last batch of one, is its own mean and would get no noise:
    its `c` is 0, which is Dropout, with a warning where the size of the batch is known
    beforehand.

    Args:
        rate: Float in [0, 1), the drop probability, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. 0 is the identity.
        spatial: Whether to drop a feature at all positions of a sample at once, as
            `keras.layers.SpatialDropout2D` does. Defaults to False.
        axis: Integer, the feature axis. Defaults to -1.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any rank from 2 on; only the size of `axis` must be
            known.
        training: Whether to drop.
        mask: Optional boolean mask of the leading axes of `inputs`; masked steps stay
            out of the mean.

    Reference:
        [RotationOut as a Regularization Method for Neural Network](
        https://openreview.net/forum?id=r1e7M6VYwH), section 2.4 and appendix A.4
        ("zero-centered Dropout").

    Differences from the paper: none; as in the authors' code the mean is that of the
    batch, and the gradient flows through it.

    Example:

    >>> layer = CenteredDropout(0.5)
    >>> x = keras.ops.full((4, 3), 7.0)  # every unit is at its mean
    >>> bool(keras.ops.all(layer(x, training=True) == x))
    True
    """

    def __init__(
        self,
        rate: Rate,
        spatial: bool = False,
        axis: int = -1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.spatial = bool(spatial)
        self.axis = check_axis(axis)

    def build(self, input_shape: Shape) -> None:
        feature_size(self, input_shape, self.axis)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        if not training or self.rate == 0:
            return inputs
        warn_of_one_vector(self, inputs, "as that of keras.layers.Dropout")
        check_mask(inputs, mask, self.axis)
        rate, seed = self.next_noise()
        options = {"axis": self.axis, "spatial": self.spatial}
        return _drop_deviations(inputs, seed, rate, mask, **options)

    def get_config(self) -> Config:
        return {**super().get_config(), "spatial": self.spatial, "axis": self.axis}


def _forward(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    spatial: bool,
) -> WithResiduals:
    shape = list(ops.shape(x))
    if spatial:
        kept = (0, axis % x.ndim)
        shape = [size if i in kept else 1 for i, size in enumerate(shape)]
    residuals = (
        _backend.bernoulli(shape, rate, seed),
        kept_scale(rate),
        mean_weights(x, mask, axis),
    )
    return drop_deviations(x, *residuals, axis=axis), residuals


def drop_deviations(
    x: Tensor,
    is_dropped: Tensor,
    scale: Tensor,
    weights: Tensor,
    *,
    axis: int,
    **_: object,
) -> Tensor:
    """Drop the deviations of `x` from its mean with the given weights."""
    wide = widened(x)
    scale, weights = ops.cast(scale, wide.dtype), ops.cast(weights, wide.dtype)
    valid = ops.where(weights > 0, wide, 0.0)  # padding may be NaN
    center = _sum(valid * weights, axis)
    # In this form a rate of 0, as of a schedule, is exact.
    kept = wide + (wide - center) * (scale - 1.0)
    return ops.cast(ops.where(is_dropped, center, kept), x.dtype)


def deviations_gradient(
    gradient: Tensor,
    is_dropped: Tensor,
    scale: Tensor,
    weights: Tensor,
    *,
    axis: int,
    **_: object,
) -> Tensor:
    """Apply the adjoint of `drop_deviations`, the path through the mean included."""
    wide = widened(gradient)
    direct = drop(wide, is_dropped, scale)
    path = ops.cast(weights, wide.dtype) * _sum(wide - direct, axis)
    return ops.cast(direct + path, gradient.dtype)


def _sum(x: Tensor, axis: int) -> Tensor:
    others = [i for i in range(x.ndim) if i != axis % x.ndim]
    return ops.sum(x, axis=others, keepdims=True)


_drop_deviations = _backend.kernel(_forward, deviations_gradient, drop_deviations)
