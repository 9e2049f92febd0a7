from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._seeds import Stream
from keras_regnoise._typing import Config, Rate, Tensor
from keras_regnoise.layers._base.amount import (
    positive_amount,
    rate_amount,
)
from keras_regnoise.layers._base.weight_wrapper import WeightWrapper
from keras_regnoise.ops._precision import widened
from keras_regnoise.ops.drop import drop, kept_scale


@keras.saving.register_keras_serializable(package="keras_regnoise")
class WeightNoise(WeightWrapper):
    """Calls a layer with noise on its weights: Gaussian, or dropout of weights.

    In training every call draws one noise for the whole batch and, in a recurrent
    layer, for all time steps; the expected weights are the layer's own, which is what
    is trained. At inference the layer is called as it is.

    Give `stddev` for `w + stddev * N(0, 1)`. To first order that penalizes the squared
    gradient of the output in the weights, which favours flat minima.

    Give `rate` for `w * m / (1 - rate)`, with `m` 0 with probability `rate` and 1
    otherwise. On the `"recurrent_kernel"` of an LSTM or a GRU this is weight drop.

    Args:
        layer: The Keras layer to wrap, any that has weights.
        stddev: Float of 0 or more, the standard deviation of Gaussian noise, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. 0 is the layer itself.
        rate: Float in [0, 1), the probability that a weight is dropped, or a schedule.
            0 is the layer itself. Exactly one of `stddev` and `rate` is given.
        weights: Names of the weights that get noise, in the layer and in layers inside
            it. Defaults to `("kernel",)`.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: What `layer` takes.
        initial_state: Passed on to a recurrent layer.
        training: Whether to add noise.
        mask: Passed on to a layer that takes it.

    Attributes:
        layer: The wrapped layer.
        kind: `"gaussian"` or `"dropout"`.

    Raises:
        ValueError: When built, if `layer` lacks one of `weights`; when called, if
            `layer` assigns to them by itself.

    Reference:
        Regularizations for Deep Models (noise added to the weights); [Regularizing and
        Optimizing LSTM Language Models](https://arxiv.org/abs/1708.02182), section 2
        (weight drop).

    Differences from the papers: none.

    Example:

    >>> layer = WeightNoise(
    ...     keras.layers.LSTM(4), rate=0.2, weights=("recurrent_kernel",)
    ... )
    >>> layer(keras.ops.ones((2, 5, 3)), training=True).shape[1]
    4
    >>> [weight.name for weight in layer.weights]
    ['kernel', 'recurrent_kernel', 'bias']
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        stddev: Rate | None = None,
        rate: Rate | None = None,
        weights: Sequence[str] = ("kernel",),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(layer, weights, seed, **kwargs)
        if (stddev is None) == (rate is None):
            raise ValueError(
                "Exactly one of `stddev` (Gaussian noise on the weights) and `rate` "
                "(dropout of weights) must be given. "
                f"Received: stddev={stddev!r}, rate={rate!r}"
            )
        self.kind = "gaussian" if rate is None else "dropout"
        if rate is None:
            meaning = "the standard deviation of the noise on the weights"
            self._amount = positive_amount("stddev", stddev, meaning, self.name)
        else:
            self._amount = rate_amount(rate, self.name)

    @property
    def stddev(self) -> Rate | None:
        """The standard deviation; assign to it to change it, as `NoiseLayer.rate`."""
        return self._amount.value if self.kind == "gaussian" else None

    @stddev.setter
    def stddev(self, value: Rate) -> None:
        self._set("gaussian", "stddev", value)

    @property
    def rate(self) -> Rate | None:
        """The rate; assign to it to change it, as `NoiseLayer.rate`."""
        return self._amount.value if self.kind == "dropout" else None

    @rate.setter
    def rate(self, value: Rate) -> None:
        self._set("dropout", "rate", value)

    def _set(self, kind: str, name: str, value: Rate) -> None:
        if kind != self.kind:
            raise ValueError(
                f"The noise of WeightNoise layer '{self.name}' is {self.kind} and has "
                f"no `{name}`. Wrap the layer anew. Received: {name}={value!r}"
            )
        self._amount.set(value)

    def call(
        self,
        inputs: Tensor,
        initial_state: Any = None,
        training: bool = False,
        mask: Tensor | None = None,
    ) -> Any:
        values = []
        if training and self._amount.value != 0:
            step, seed = self.next_draw()
            amount = self._amount.at(step)
            values = [
                (variable, self._noisy(variable, amount, seed, stream))
                for stream, variable in enumerate(
                    self.noisy_variables(), start=Stream.NOISE
                )
            ]
        arguments = {"initial_state": initial_state, "mask": mask}
        return self.call_layer(values, inputs, training=training, **arguments)

    def _noisy(
        self, variable: keras.Variable, amount: Tensor, seed: Tensor, stream: int
    ) -> Tensor:
        value, shape = ops.convert_to_tensor(variable), tuple(variable.shape)
        if self.kind == "dropout":
            is_dropped = _backend.bernoulli(shape, amount, seed, stream)
            return drop(value, is_dropped, kept_scale(amount))
        wide = widened(value)
        noise = amount * _backend.normal(shape, seed, stream)
        return ops.cast(wide + ops.cast(noise, wide.dtype), value.dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "stddev": self._amount.config() if self.kind == "gaussian" else None,
            "rate": self._amount.config() if self.kind == "dropout" else None,
            "weights": self.noisy_weights,
        }
