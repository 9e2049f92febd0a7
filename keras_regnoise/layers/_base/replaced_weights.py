from typing import Any, TypeAlias

import keras

from keras_regnoise._typing import Tensor

Update: TypeAlias = tuple[keras.Variable, Tensor]


class ReplacedWeights(keras.StatelessScope):  # type: ignore[misc]
    """Lets some variables have other values for the length of a `with` block.

    The variables themselves are not written to, so nothing has to be put back, and
    gradients flow through the other values to whatever they were computed from. All
    else is as without the block: other variables have the value that they have outside,
    those that the block assigns to are assigned at its end, and losses are collected.

    Args:
        values: List of pairs of a variable and the tensor that stands in for it.
    """

    def __init__(self, values: list[Update]) -> None:
        super().__init__(values, collect_losses=True)
        self._replaced = {id(variable) for variable, _ in values}
        self._updates: dict[int, Update] = {}

    def get_current_value(self, variable: keras.Variable) -> Tensor | None:
        value = super().get_current_value(variable)
        if value is None and self.original_scope is not None:
            return self.original_scope.get_current_value(variable)
        return value

    def add_update(self, update: Update) -> None:
        variable = update[0]
        if id(variable) in self._replaced:
            raise ValueError(
                f"A layer whose weights are noisy must not assign to them itself. "
                f"Received: an update of {variable.path}. Put the noise inside, such "
                f"as SpectralNormalization(WeightNoise(layer)), or leave one out."
            )
        super().add_update(update)
        self._updates[id(variable)] = update

    def add_loss(self, loss: Tensor) -> None:
        # Straight to where a layer outside looks for it: once, with its identity.
        if self.original_scope is None:
            super().add_loss(loss)
        elif self.original_scope.collect_losses:
            self.original_scope.add_loss(loss)

    def __exit__(self, error: Any, *details: Any) -> None:
        super().__exit__(error, *details)
        if error is None:
            for variable, value in self._updates.values():
                variable.assign(value)
