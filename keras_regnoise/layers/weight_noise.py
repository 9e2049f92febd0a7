from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise.layers._base.noise_layer import (
    LARGEST_RATE,
    serialize_rate,
    validate_rate,
)
from keras_regnoise.layers._base.seeded_layer import (
    amount_at,
    deserialized,
    validate_amount,
)
from keras_regnoise.layers._base.weight_wrapper import WeightWrapper
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
        layer: Any,
        stddev: Any = None,
        rate: Any = None,
        weights: Any = ("kernel",),
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
        if stddev is not None:
            meaning = "the standard deviation of the noise on the weights"
            stddev = validate_amount("stddev", stddev, meaning)
        self.stddev = stddev
        self.rate = None if rate is None else validate_rate(rate)

    @property
    def kind(self) -> str:
        """Which noise: `"gaussian"` or `"dropout"`."""
        return "gaussian" if self.rate is None else "dropout"

    def call(
        self,
        inputs: Any,
        initial_state: Any = None,
        training: bool = False,
        mask: Any = None,
    ) -> Any:
        values = []
        if training and self.stddev != 0 and self.rate != 0:
            step, seed = self.next_draw()
            values = [
                (variable, self._noisy(variable, step, seed, stream))
                for stream, variable in enumerate(self.noisy_variables())
            ]
        arguments = {"initial_state": initial_state, "mask": mask}
        return self.call_layer(values, inputs, training=training, **arguments)

    def _noisy(self, variable: Any, step: Any, seed: Any, stream: int) -> Any:
        value, shape = ops.convert_to_tensor(variable), tuple(variable.shape)
        if self.rate is not None:
            rate = amount_at(self.rate, step, LARGEST_RATE)
            is_dropped = _backend.bernoulli(shape, rate, seed, stream)
            return drop(value, is_dropped, kept_scale(rate))
        noise = amount_at(self.stddev, step) * _backend.normal(shape, seed, stream)
        return ops.cast(ops.cast(value, "float32") + noise, value.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "stddev": serialize_rate(self.stddev),
            "rate": serialize_rate(self.rate),
            "weights": self.noisy_weights,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**deserialized(config, "layer", "stddev", "rate"))
