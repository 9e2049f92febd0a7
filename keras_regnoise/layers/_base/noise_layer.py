from typing import Any, TypeAlias

import keras
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise._arguments import is_number
from keras_regnoise.layers._base.seeded_layer import (
    SeededLayer,
    amount_at,
    deserialized,
)

Rate: TypeAlias = float | LearningRateSchedule


class NoiseLayer(SeededLayer):
    """Base class of the layers that add noise in training and only then.

    It holds the rate and the random state, saves that state with the model, and
    otherwise leaves the work to `call()` of the subclass:

    ```python
    def call(self, inputs, training=False):
        check_float(self, inputs)
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_draw()
        ...
    ```

    The number of draws is the second integer of the `SeedGenerator`'s state; it is
    also the step at which a schedule is read, so one variable holds all there is to
    save. It is not among `layer.weights`: the weights of a model with and without
    noise are the same list, and their files are interchangeable.

    Args:
        rate: Float in [0, 1), or a `keras.optimizers.schedules.LearningRateSchedule`
            of the layer's training steps, clipped to that range.
        seed: Integer or None.
        **kwargs: Those of `keras.layers.Layer`.
    """

    def __init__(self, rate: Rate, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = validate_rate(rate)

    def next_draw(self) -> tuple[Any, Any]:
        """Return the rate of this step, a float32 scalar, and a seed to draw with."""
        step, seed = super().next_draw()
        return amount_at(self.rate, step, LARGEST_RATE), seed

    def current_rate(self) -> Any:
        """Return the rate that the next training step will use."""
        if isinstance(self.rate, LearningRateSchedule):
            return amount_at(self.rate, self.seed_generator.state[1], LARGEST_RATE)
        return self.rate

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": serialize_rate(self.rate)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**deserialized(config, "rate"))


def serialize_rate(rate: Rate) -> Any:
    """Return what `get_config()` says of a rate."""
    if isinstance(rate, LearningRateSchedule):
        return keras.saving.serialize_keras_object(rate)
    return rate


LARGEST_RATE = 0.999999  # below 1 in float32 too, with digits left


def validate_rate(rate: Any) -> Rate:
    """Return a rate, or raise `ValueError` if it is none."""
    if isinstance(rate, LearningRateSchedule):
        return rate
    if not is_number(rate) or not 0.0 <= rate <= LARGEST_RATE:
        raise ValueError(
            f"`rate` must be a float in [0, 1), {LARGEST_RATE} at most: the "
            "share of noise as in keras.layers.Dropout (a keep rate p is 1 - p), or a "
            "keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: rate={rate!r}"
        )
    return float(rate)
