from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._keras.kinds import Activation
from keras_regnoise._typing import Config, Rate, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops.drop_activation import drop_activation


@Activation.register
@keras.saving.register_keras_serializable(package="keras_regnoise")
class DropActivation(NoiseLayer):
    """An activation that is dropped, not the unit: some units stay linear.

    In training each unit of each sample keeps the activation with probability
    `1 - rate` and is the identity otherwise. At inference the layer is the mean of the
    two, `rate * x + (1 - rate) * activation(x)`: for ReLU, a LeakyReLU of slope
    `rate`. Put it where the activation stood.

    Args:
        activation: Name of a Keras activation, or a callable. Defaults to `"relu"`.
        rate: Float in [0, 1), the probability that a unit is linear, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. Defaults to 0.05, the paper's (its p is `1 - rate`). 0 is the
            activation itself.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any shape.
        training: Whether to drop activations at random.

    Reference:
        [Drop-Activation: Implicit Parameter Reduction and Harmonic Regularization](
        https://arxiv.org/abs/1811.05850), equations 3 to 5.

    Differences from the paper: none. Where an input is exactly 0, the derivative of
    the dropped ReLU is 0 here and 1 in the authors' code.

    Example:

    >>> layer = DropActivation("relu", rate=0.25)
    >>> keras.ops.convert_to_numpy(layer(keras.ops.array([-4.0, 4.0]))).tolist()
    [-1.0, 4.0]
    """

    def __init__(
        self,
        activation: str | Callable[[Any], Any] = "relu",
        rate: Rate = 0.05,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.activation = _activation(activation)

    def build(self, input_shape: Shape) -> None:
        pass

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if self.rate == 0:
            return self.activation(inputs)
        is_relu = self.activation is keras.activations.relu
        if training:
            rate, seed = self.next_noise()
            if is_relu:
                return _drop_relu(inputs, seed, rate)
            keep_mask = _keep_mask(inputs, seed, rate)
            return drop_activation(inputs, keep_mask, self.activation)
        rate = self._rate.constant
        if is_relu and rate is not None:
            return ops.leaky_relu(inputs, negative_slope=rate)
        if rate is None:
            rate = self._rate.at(self.seed_generator.state[1])
        rate = ops.cast(rate, inputs.dtype)
        return rate * inputs + (1 - rate) * self.activation(inputs)

    def get_config(self) -> Config:
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "activation": activation}


def _activation(activation: Any) -> Callable[[Any], Any]:
    try:
        return keras.activations.get(activation)  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        raise ValueError(
            "`activation` must be the name of a Keras activation, such as 'relu' or "
            "'gelu', or a function; the rate is the second argument, as in "
            f"DropActivation('relu', 0.05). Received: activation={activation!r}"
        ) from error


def _draw_keep_mask(x: Tensor, seed: Tensor, rate: Tensor) -> Tensor:
    return ops.logical_not(_backend.bernoulli(ops.shape(x), rate, seed))


_keep_mask = _backend.compiled(_draw_keep_mask)


def _forward(x: Tensor, seed: Tensor, rate: Tensor) -> WithResiduals:
    is_zeroed = ops.logical_and(x < 0, _draw_keep_mask(x, seed, rate))
    y = ops.where(is_zeroed, ops.zeros((), x.dtype), x)
    return y, (y,)


def _backward(gradient: Tensor, y: Tensor) -> Tensor:
    # The output tells where the slope is 0: no mask has to be kept.
    return ops.where(y != 0, gradient, ops.zeros((), gradient.dtype))


_drop_relu = _backend.kernel(_forward, _backward)
