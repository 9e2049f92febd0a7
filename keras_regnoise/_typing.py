"""Names for the types that Keras does not name."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
from keras.optimizers.schedules import LearningRateSchedule

Tensor: TypeAlias = Any
"""A tensor of the backend, or one of Keras's symbolic ones."""

TensorLike: TypeAlias = Any
"""What `keras.ops.convert_to_tensor` takes: tensors, variables, arrays, lists."""

Size: TypeAlias = int | Tensor
"""A size: an integer, or a symbolic one where it is only known at run time."""

Shape: TypeAlias = Sequence[int | None]
"""The shape of an input, None where a size is not known."""

Seed: TypeAlias = int | keras.random.SeedGenerator | Tensor | None
"""What the functions of `ops` take as a seed."""

Rate: TypeAlias = float | LearningRateSchedule
"""An amount of noise: a number, or a schedule of the training steps."""

Config: TypeAlias = dict[str, Any]
"""What `get_config()` returns."""
WithResiduals: TypeAlias = tuple[Tensor, tuple[Tensor, ...]]
"""An output, and the tensors that its gradient needs."""

Sizes: TypeAlias = Sequence[Size]
"""The shape of a tensor that is made."""

Function: TypeAlias = Callable[..., Any]
"""A function of tensors."""
