from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_number
from keras_regnoise._keras.kinds import Activation
from keras_regnoise._typing import Config, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.layers._base.seeded_layer import SeededLayer
from keras_regnoise.ops._precision import widened


@Activation.register
@keras.saving.register_keras_serializable(package="keras_regnoise")
class RandomizedLeakyReLU(SeededLayer):
    """Leaky ReLU whose slope is random in training (RReLU).

    `y = x` for `x >= 0` and `y = a * x` for `x < 0`, with a slope `a ~ U(lower, upper)`
    for each element in training and the mean slope `(lower + upper) / 2` at inference.

    Args:
        lower: Float in [0, 1], the smallest slope. Defaults to 1/8.
        upper: Float in [`lower`, 1], the largest slope. Defaults to 1/3. Equal to
            `lower`, it is a Leaky ReLU.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any shape.
        training: Whether to draw the slopes.

    Reference:
        [Empirical Evaluation of Rectified Activations in Convolutional Network](
        https://arxiv.org/abs/1505.00853), section 2.4.

    Differences from the paper: it draws the divisor, `y = x / a` with `a ~ U(3, 8)`,
    and divides by the mean divisor at inference. Here the slope itself is drawn, with
    the same two ends, as in `torch.nn.RReLU`: then inference is the expectation of
    training.

    Example:

    >>> layer = RandomizedLeakyReLU(0.25, 0.75)
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([-2.0, 2.0]))).tolist()
    [-1.0, 2.0]
    """

    def __init__(
        self,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        meaning = (
            "the slopes of negative inputs go from `lower` to `upper` (the divisors 8 "
            "and 3 of the paper are the slopes 1/8 and 1/3)"
        )
        self.upper = check_number("upper", upper, meaning, minimum=0, maximum=1)
        self.lower = check_number(
            "lower", lower, meaning, minimum=0, maximum=self.upper
        )

    def build(self, input_shape: Shape) -> None:
        pass

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if not training or self.lower == self.upper:
            mean = (self.lower + self.upper) / 2
            return ops.leaky_relu(inputs, negative_slope=mean)
        _, seed = self.next_draw()
        return _random_leaky_relu(inputs, seed, lower=self.lower, upper=self.upper)

    def get_config(self) -> Config:
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}


def _leak(
    x: Tensor, is_negative: Tensor, seed: Tensor, *, lower: float, upper: float
) -> Tensor:
    slope = lower + (upper - lower) * _backend.uniform(ops.shape(x), seed)
    wide = widened(x)
    leaked = ops.cast(wide * ops.cast(slope, wide.dtype), x.dtype)
    return ops.where(is_negative, leaked, x)


def _forward(x: Tensor, seed: Tensor, **options: float) -> WithResiduals:
    # The gradient draws the slopes again and keeps one bit of each element.
    is_negative = x < 0
    return _leak(x, is_negative, seed, **options), (is_negative, seed)


_random_leaky_relu = _backend.kernel(_forward, _leak)
