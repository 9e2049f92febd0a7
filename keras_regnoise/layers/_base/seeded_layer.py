from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._keras.kinds import Noise
from keras_regnoise._seeds import check_seed
from keras_regnoise._typing import Config, Shape, Tensor
from keras_regnoise.layers._base.amount import Amount


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
        self.seed = check_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.supports_masking = True

    def next_draw(self) -> tuple[Tensor, Tensor]:
        """Return the number of this training step and a seed to draw with."""
        state = self.seed_generator.next()
        return state[1], _backend.local_seed(state)

    @property
    def variables(self) -> list[keras.Variable]:
        """All state: that of Keras's layers, and the amounts of noise."""
        return [*super().variables, *(amount.variable for amount in self.amounts)]

    @property
    def amounts(self) -> list[Amount]:
        """What says how much noise the layer adds: numbers or schedules."""
        return [held for held in vars(self).values() if isinstance(held, Amount)]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
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

    def get_config(self) -> Config:
        return {**super().get_config(), "seed": self.seed}
