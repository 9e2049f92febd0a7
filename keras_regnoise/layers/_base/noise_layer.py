from typing import Any, Self

from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise._typing import Config, Rate, Tensor
from keras_regnoise.layers._base.amount import deserialized, rate_amount
from keras_regnoise.layers._base.seeded_layer import SeededLayer


class NoiseLayer(SeededLayer):
    """Base class of the layers that add noise in training and only then.

    It holds the rate and the random state, saves that state with the model, and
    otherwise leaves the work to `call()` of the subclass:

    ```python
    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_noise()
        is_dropped = krn.ops.random_uniform(keras.ops.shape(inputs), seed) < rate
        ...
    ```

    The functions of `krn.ops` take that seed (those of `keras.random` do not), one
    `stream` for each draw. `examples/custom_layer.py` is a whole layer.

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
        self._rate = rate_amount(rate, self.name)

    @property
    def rate(self) -> Rate:
        """The rate, a float in [0, 1) or a schedule; assign to it to change it.

        `layer.rate = 0.3` is checked as in the constructor and holds from the next
        step on, in models that are compiled too. From one number to another costs
        nothing, and to 0 neither, but the step still draws. From 0, and to or from a
        schedule, the models with the layer compile their steps anew when they next run;
        on TensorFlow a `tf.function` of your own does not, so start that at a rate
        above 0. In `fit`, set it at the beginning or the end of an epoch; for a rate
        that changes by the step use a schedule.
        """
        return self._rate.value

    @rate.setter
    def rate(self, value: Rate) -> None:
        self._rate.set(value)

    def next_noise(self) -> tuple[Tensor, Tensor]:
        """Return the rate of this step, a float32 scalar, and a seed to draw with.

        The seed is for the functions of `keras_regnoise.ops`. Call it once in a call
        of the layer: it counts the training steps.
        """
        step, seed = self.next_draw()
        return self._rate.at(step), seed

    def current_rate(self) -> float | Tensor:
        """Return the rate that the next training step will use."""
        if isinstance(self.rate, LearningRateSchedule):
            return self._rate.at(self.seed_generator.state[1])
        return self.rate

    def get_config(self) -> Config:
        return {**super().get_config(), "rate": self._rate.config()}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**deserialized(config, "rate"))
