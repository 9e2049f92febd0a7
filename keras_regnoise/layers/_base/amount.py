from collections.abc import Callable
from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise import _backend
from keras_regnoise._arguments import LARGEST_RATE, check_number, check_rate
from keras_regnoise._typing import Config, Rate, Tensor

_SCHEDULE = "or a keras.optimizers.schedules.LearningRateSchedule"


class Amount:
    """How much noise a layer adds: a number, which may be changed, or a schedule.

    A compiled step keeps what a Python attribute was when it was traced, so the number
    is also in a variable, which the step reads. The variable is state and not a weight
    (as that of a `SeedGenerator`), so that weight files of models with and without
    noise are interchangeable; a model's config saves the number.

    A step can't follow a change from 0, which costs nothing because it is not in the
    step at all, nor one of a schedule, nor of a `constant` that it was built on. Then
    the models with the layer build their steps anew.

    Args:
        value: The number or the schedule.
        check: Returns a number, or raises `ValueError`.
        owner: Name of the layer, for that of the variable.
        largest: Where a schedule is clipped.
    """

    def __init__(
        self,
        value: object,
        check: Callable[[object], float],
        owner: str,
        largest: float = float("inf"),
    ) -> None:
        self._check, self._largest = check, largest
        self._value = self._checked(value)
        self._is_baked = False  # whether a step may hold more than the variable
        self._was_changed = False
        number = 0.0 if isinstance(self._value, LearningRateSchedule) else self._value
        with keras.name_scope(owner):
            self.variable = keras.Variable(
                number,
                dtype="float32",
                trainable=False,
                autocast=False,  # half precision would round it
                aggregation="none",
                name="amount",
            )

    @property
    def value(self) -> Rate:
        """The number or the schedule."""
        if isinstance(self._value, LearningRateSchedule) or self._value == 0:
            self._is_baked = True
        return self._value

    @property
    def constant(self) -> float | None:
        """The number for a step that is built on it, None once that may change."""
        self._is_baked = True
        if self._was_changed or isinstance(self._value, LearningRateSchedule):
            return None
        return self._value

    def at(self, step: Tensor) -> Tensor:
        """Return the amount at a training step, a float32 scalar."""
        if not isinstance(self._value, LearningRateSchedule):
            return self.variable.value * 1.0  # its value, not TensorFlow's variable
        # As optimizers hand it: the state has no sign on JAX, where -1 wraps around.
        value = ops.cast(self._value(ops.cast(step, "int")), "float32")
        # The comparison also turns a NaN of the schedule into "no noise".
        return ops.where(value > 0.0, ops.minimum(value, self._largest), 0.0)

    def set(self, value: object) -> None:
        """Change the amount, in steps that are compiled already too.

        Raises:
            ValueError: If it is not an amount.
            RuntimeError: On JAX between the batches of `fit`, where variables have no
                value and what is assigned to them is lost.
        """
        new = self._checked(value)
        is_schedule = isinstance(new, LearningRateSchedule)
        if new is self._value or new == self._value:
            # The variable may have been set back without this: to what it was saved as.
            if not is_schedule and self._is_readable():
                self.variable.assign(new)
            return
        if not is_schedule:
            self._assign(new)
        self._value, self._was_changed = new, True
        if self._is_baked or is_schedule:
            self._is_baked = False
            _backend.renew_programs(self.variable)

    def config(self) -> Any:
        """Return what `get_config()` says."""
        if isinstance(self._value, LearningRateSchedule):
            return keras.saving.serialize_keras_object(self._value)
        return self._value

    def _checked(self, value: object) -> Rate:
        return value if isinstance(value, LearningRateSchedule) else self._check(value)

    def _is_readable(self) -> bool:
        """Whether the variable has a value, which `fit` on JAX takes away."""
        try:
            ops.convert_to_tensor(self.variable)
        except TypeError:
            return False
        return True

    def _assign(self, number: float) -> None:
        if not self._is_readable():
            raise RuntimeError(
                "On JAX an amount of noise can't be set between the batches of `fit`, "
                "which holds the variables itself. Set it in `on_epoch_begin` or "
                "`on_epoch_end`, or give the layer a LearningRateSchedule, which is "
                f"read at every training step. Received: {number!r}"
            )
        self.variable.assign(number)


def rate_amount(value: object, owner: str) -> Amount:
    """Return a rate: a number in [0, 1), or a schedule that is clipped to that."""
    return Amount(value, _check_rate, owner, LARGEST_RATE)


def check_rate_or_schedule(value: object) -> Rate:
    """Return a rate or a schedule, or raise `ValueError` if the value is neither."""
    return value if isinstance(value, LearningRateSchedule) else _check_rate(value)


def _check_rate(value: object) -> float:
    return check_rate(value, instead=f", {_SCHEDULE}")


def positive_amount(name: str, value: object, meaning: str, owner: str) -> Amount:
    """Return an amount of 0 or more, or a schedule that is clipped to that."""

    def check(value: object) -> float:
        return check_number(name, value, f"{meaning}, {_SCHEDULE}", minimum=0)

    return Amount(value, check, owner)


def deserialized(config: Config, *names: str) -> Config:
    """Return a config with the objects made that `names` may hold."""
    objects = {
        name: keras.saving.deserialize_keras_object(config[name])
        for name in names
        if isinstance(config.get(name), dict)
    }
    return {**config, **objects}
