from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise import _backend
from keras_regnoise._arguments import is_number
from keras_regnoise._keras.kinds import Noise
from keras_regnoise.ops.seeds import validate_seed


@Noise.register
class SeededLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base class of the layers that draw in training.

    It holds the random state and saves it with the model. The state is not among
    `layer.weights`: the weights of a model with and without noise are the same list,
    and their files are interchangeable.

    Args:
        seed: Integer or None.
        **kwargs: Those of `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = validate_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.supports_masking = True

    def next_draw(self) -> tuple[Any, Any]:
        """Return the number of this training step and a seed to draw with."""
        state = self.seed_generator.next()
        return state[1], _backend.local_seed(state)

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
        return {**super().get_config(), "seed": self.seed}


def amount_at(amount: Any, step: Any, largest: float = float("inf")) -> Any:
    """Return an amount of noise, a number or a schedule, as a float32 scalar."""
    if not isinstance(amount, LearningRateSchedule):
        return ops.convert_to_tensor(amount, dtype="float32")
    value = ops.cast(amount(step), "float32")
    # The comparison also turns a NaN of the schedule into "no noise".
    return ops.where(value > 0.0, ops.minimum(value, largest), 0.0)


def validate_amount(name: str, amount: Any, meaning: str) -> Any:
    """Return an amount of noise, or raise `ValueError` if it is none."""
    if isinstance(amount, LearningRateSchedule):
        return amount
    if not is_number(amount) or amount < 0.0:
        raise ValueError(
            f"`{name}` must be a finite float of 0 or more, {meaning}, or a "
            "keras.optimizers.schedules.LearningRateSchedule. "
            f"Received: {name}={amount!r}"
        )
    return float(amount)


def deserialized(config: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a config with the objects made that `names` may hold."""
    objects = {
        name: keras.saving.deserialize_keras_object(config[name])
        for name in names
        if isinstance(config.get(name), dict)
    }
    return {**config, **objects}
