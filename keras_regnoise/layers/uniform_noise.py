from typing import Any, Self

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Config, Rate, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.amount import deserialized, positive_amount
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.layers._base.seeded_layer import SeededLayer
from keras_regnoise.ops._precision import widened


@keras.saving.register_keras_serializable(package="keras_regnoise")
class UniformNoise(SeededLayer):
    """Multiplies every unit by a random factor near 1 (Uout).

    In training `y = x * (1 + r)` with `r ~ U(-scale, scale)` for each element. The
    expectation is `x`, and the variance that the noise adds is `scale^2 / 3 * x^2`:
    that of `keras.layers.Dropout(rate)` with `rate / (1 - rate) = scale^2 / 3`, so a
    scale of 1 is as strong as a rate of 0.25. It was made to disturb the moving
    variance of a BatchNormalization behind it less than Dropout does; RotationOut's
    authors note that this is because the noise is weaker.

    Args:
        scale: Float of 0 or more, the paper's beta, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. 0 is the identity; above 1 some units change their sign.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any shape.
        training: Whether to add noise.

    Reference:
        [Understanding the Disharmony between Dropout and Batch Normalization by
        Variance Shift](https://arxiv.org/abs/1801.05134), section on Uout; RotationOut
        as a Regularization Method for Neural Network, appendix A.4.

    Differences from the paper: none.

    Example:

    >>> y = UniformNoise(0.1, seed=1)(keras.ops.ones((1000,)), training=True)
    >>> bool(keras.ops.max(keras.ops.abs(y - 1.0)) <= 0.1)
    True
    """

    def __init__(self, scale: Rate, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        meaning = "the largest relative change of a unit"
        self._scale = positive_amount("scale", scale, meaning, self.name)

    @property
    def scale(self) -> Rate:
        """The scale; assign to it to change it, as `NoiseLayer.rate`."""
        return self._scale.value

    @scale.setter
    def scale(self, value: Rate) -> None:
        self._scale.set(value)

    def build(self, input_shape: Shape) -> None:
        pass

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if not training or self.scale == 0:
            return inputs
        step, seed = self.next_draw()
        return _multiply(inputs, seed, self._scale.at(step))

    def get_config(self) -> Config:
        return {**super().get_config(), "scale": self._scale.config()}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**deserialized(config, "scale"))


def _scaled(x: Tensor, seed: Tensor, scale: Tensor) -> Tensor:
    noise = 2.0 * _backend.uniform(ops.shape(x), seed) - 1.0
    wide = widened(x)
    return ops.cast(wide * ops.cast(1.0 + scale * noise, wide.dtype), x.dtype)


def _forward(x: Tensor, seed: Tensor, scale: Tensor) -> WithResiduals:
    # The gradient draws again: no tensor of the size of `x` has to be kept.
    return _scaled(x, seed, scale), (seed, scale)


_multiply = _backend.kernel(_forward, _scaled)
