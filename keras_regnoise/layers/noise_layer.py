from typing import Any, TypeAlias

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise import _backend
from keras_regnoise._arguments import is_number
from keras_regnoise.ops.seeds import validate_seed

Rate: TypeAlias = float | LearningRateSchedule


class NoiseLayer(keras.layers.Layer):  # type: ignore[misc]
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
        super().__init__(**kwargs)
        self.rate = validate_rate(rate)
        self.seed = validate_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.supports_masking = True

    def next_draw(self) -> tuple[Any, Any]:
        """Return the rate of this step, a float32 scalar, and a seed to draw with."""
        state = self.seed_generator.next()
        return self._rate_at(state[1]), _backend.local_seed(state)

    def current_rate(self) -> Any:
        """Return the rate that the next training step will use."""
        if isinstance(self.rate, LearningRateSchedule):
            return self._rate_at(self.seed_generator.state[1])
        return self.rate

    def _rate_at(self, step: Any) -> Any:
        if not isinstance(self.rate, LearningRateSchedule):
            return ops.convert_to_tensor(self.rate, dtype="float32")
        rate = ops.cast(self.rate(step), "float32")
        # The comparison also turns a NaN of the schedule into "no noise".
        return ops.where(rate > 0.0, ops.minimum(rate, _LARGEST_RATE), 0.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        store["seed_state"] = ops.convert_to_numpy(self.seed_generator.state.value)

    def load_own_variables(self, store: Any) -> None:
        # Absent in the file of a model that had no noise here: keep the state.
        if "seed_state" in store:
            self.seed_generator.state.assign(store["seed_state"])
        own = {name: store[name] for name in store.keys() if name != "seed_state"}  # noqa: SIM118
        super().load_own_variables(own)

    def get_config(self) -> dict[str, Any]:
        rate = serialize_rate(self.rate)
        return {**super().get_config(), "rate": rate, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        if isinstance(config.get("rate"), dict):
            rate = keras.saving.deserialize_keras_object(config["rate"])
            config = {**config, "rate": rate}
        return cls(**config)


def serialize_rate(rate: Rate) -> Any:
    """Return what `get_config()` says of a rate."""
    if isinstance(rate, LearningRateSchedule):
        return keras.saving.serialize_keras_object(rate)
    return rate


_LARGEST_RATE = 0.999999  # below 1 in float32 too, with digits left


def validate_rate(rate: Any) -> Rate:
    """Return a rate, or raise `ValueError` if it is none."""
    if isinstance(rate, LearningRateSchedule):
        return rate
    if not is_number(rate) or not 0.0 <= rate <= _LARGEST_RATE:
        raise ValueError(
            f"`rate` must be a float in [0, 1), {_LARGEST_RATE} at most: the "
            "share of noise as in keras.layers.Dropout (a keep rate p is 1 - p), or a "
            "keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: rate={rate!r}"
        )
    return float(rate)
