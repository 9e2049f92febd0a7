from typing import Any

import keras
from keras import ops

from keras_regnoise._arguments import check_number
from keras_regnoise._typing import Config, Shape, Tensor
from keras_regnoise.layers._base.checks import check_axis, check_float, feature_size
from keras_regnoise.ops._precision import widened
from keras_regnoise.ops.leave_one_out import Moments, leave_one_out_moments

_ENOUGH = 2.0  # values for a variance
_EPSILON = "which keeps the division finite where a feature is constant"


@keras.saving.register_keras_serializable(package="keras_regnoise")
class CrossNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Batch normalization of each sample by the statistics of all the others.

    With the sample itself in its mean and variance, as in
    `keras.layers.BatchNormalization`, the expected output is not linear in the sample:
    a large value raises its own variance, the more so the smaller the batch. Without
    it, the expectation over the other samples is linear in the sample, as the layer is
    at inference. All positions of a sample are left out together.

    Use it to find out whether that nonlinearity hurts in small batches; the variance of
    its output is larger than that of BatchNormalization.

    Args:
        axis: Integer, the feature axis. Defaults to -1.
        momentum: Float in [0, 1), of the moving statistics. Defaults to 0.99.
        epsilon: Positive float, added to the variance. Defaults to 0.001.
        center: Whether to add a learned shift. Defaults to True.
        scale: Whether to multiply by a learned factor. Defaults to True.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any rank from 2 on; only the size of `axis` must be
            known.
        training: Whether to normalize by the batch (if the layer is trainable) or by
            the moving statistics.
        mask: Optional boolean mask of the leading axes of `inputs`; masked steps stay
            out of the statistics.

    Reference:
        [RotationOut as a Regularization Method for Neural Network](
        https://openreview.net/forum?id=r1e7M6VYwH), appendix A.6, equation 29.

    Differences from the paper: equation 29 divides by the batch size as printed, here
    by the number of the others, as its equation 27 does. The moving variance is the
    unbiased variance of the batch, its equation 26. A sample whose others have fewer
    than two values to take a variance of (a batch of 1; a batch of 2 vectors) is
    normalized by the moving statistics, in training too.

    Example:

    >>> layer = CrossNormalization(epsilon=1e-12)
    >>> y = layer(keras.ops.array([[5.0], [0.0], [2.0]]), training=True)
    >>> round(float(keras.ops.convert_to_numpy(y)[0, 0]), 3)  # (5 - 1) / 1
    4.0
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = check_axis(axis)
        self.momentum = check_number(
            "momentum",
            momentum,
            "the share of the moving statistics that a step keeps",
            minimum=0,
            below=1,
        )
        self.epsilon = check_number("epsilon", epsilon, _EPSILON, above=0)
        self.center = bool(center)
        self.scale = bool(scale)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        shape = (feature_size(self, input_shape, self.axis),)
        self._rank = len(input_shape)

        def add(name: str, initializer: str, trainable: bool) -> Any:
            return self.add_weight(
                name=name,
                shape=shape,
                initializer=initializer,
                trainable=trainable,
                dtype="float64" if self.compute_dtype == "float64" else "float32",
                autocast=False,
            )

        self.gamma = add("gamma", "ones", True) if self.scale else None
        self.beta = add("beta", "zeros", True) if self.center else None
        self.moving_mean = add("moving_mean", "zeros", False)
        self.moving_variance = add("moving_variance", "ones", False)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        x = widened(inputs)
        mean = ops.cast(self._along(self.moving_mean), x.dtype)
        variance = ops.cast(self._along(self.moving_variance), x.dtype)
        moments = None
        if training and self.trainable:
            mask = _expanded(mask, x.ndim, self.axis)
            moments = leave_one_out_moments(x, mask, self.axis)
            is_enough = moments.count >= _ENOUGH
            mean = ops.where(is_enough, moments.mean, mean)
            variance = ops.where(is_enough, moments.variance, variance)
            if mask is not None:  # padding may be NaN, which gradients must not meet
                x = ops.where(ops.cast(mask, "bool"), x, mean)
        y = (x - mean) * ops.rsqrt(variance + self.epsilon)
        if moments is not None:  # last: on torch the moving mean above is a view
            self._move_statistics(moments)
        if self.gamma is not None:
            y = y * ops.cast(self._along(self.gamma), x.dtype)
        if self.beta is not None:
            y = y + ops.cast(self._along(self.beta), x.dtype)
        return ops.cast(y, inputs.dtype)

    def _move_statistics(self, moments: Moments) -> None:
        count = moments.total_count
        unbiased = count / ops.maximum(count - 1.0, 1.0)
        share = ops.where(count >= _ENOUGH, 1.0 - self.momentum, 0.0)
        for variable, value in (
            (self.moving_mean, moments.total_mean),
            (self.moving_variance, moments.total_variance * unbiased),
        ):
            value = ops.cast(value, variable.dtype)
            step = ops.cast(share, value.dtype) * (value - self._along(variable))
            variable.assign(variable + ops.reshape(step, variable.shape))

    def _along(self, vector: Tensor) -> Tensor:
        """Reshape (features,) to broadcast against the input."""
        shape = [1] * self._rank
        shape[self.axis] = -1
        return ops.reshape(vector, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
        }


def _expanded(mask: Tensor | None, rank: int, axis: int) -> Tensor:
    if mask is None:
        return None
    if mask.ndim > axis % rank:
        raise ValueError(
            f"The mask must be of the axes before the feature axis {axis}, such as "
            f"(batch, time). Received: a mask of shape {tuple(mask.shape)} for an "
            f"input of rank {rank}."
        )
    return ops.reshape(mask, (*ops.shape(mask), *[1] * (rank - mask.ndim)))
