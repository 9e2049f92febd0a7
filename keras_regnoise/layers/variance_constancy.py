from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._typing import Config, Shape, Tensor
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.ops._precision import as_loss
from keras_regnoise.ops.variance_constancy import (
    check_sample_size,
    check_weight,
    variance_constancy_loss,
)

_SMALLEST_BETA = 1e-3


@keras.saving.register_keras_serializable(package="keras_regnoise")
class AtLeast(keras.constraints.Constraint):  # type: ignore[misc]
    """Keeps weights at or above a value.

    Args:
        value: Float.
    """

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, w: Any) -> Tensor:
        return ops.maximum(w, self.value)

    def get_config(self) -> Config:
        return {"value": self.value}


@keras.saving.register_keras_serializable(package="keras_regnoise")
class VarianceConstancy(keras.layers.Layer):  # type: ignore[misc]
    """Adds the Variance Constancy Loss (VCL) of its input; the output is the input.

    The loss is small where the variance of a unit is the same in every small sample of
    the batch, which favours units with few distinct modes. Put the layer where
    BatchNormalization would stand, between weights and activation, and leave
    normalization out. Layers add up.

    The loss is among the `losses` of the model. `fit` adds them; a `train_step` or
    `compute_loss` of your own has to do so too, with `self.compute_loss(...)` or
    `sum(self.losses)`. The layer cannot see whether it does: without it, there is no
    effect, and beta stays where it started.

    Args:
        weight: Factor of the loss, a float of 0 or more. Defaults to 0.01, the paper's.
        sample_size: Samples in each of the two subsets of the batch that are compared,
            an integer of 2 or more. Defaults to 2. A batch of fewer than
            `2 * sample_size` has no loss.
        beta_initializer: Initializer of beta, which is learned, one per unit. Defaults
            to `"ones"`.
        shared_axes: Axes along which the units share one beta, as in
            `keras.layers.PReLU`: `(1, 2)` gives images one per channel. Needed where a
            size is not known. Defaults to None.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, ...)`; every element but the batch axis is a unit.
        training: Whether to add the loss.
        mask: Optional boolean mask of the leading axes, such as `(batch, time)`:
            masked steps do not count.

    Reference:
        [Regularizing by the Variance of the Activations' Sample-Variances](
        https://arxiv.org/abs/1811.08764), equation 17 and section 2.4. The paper also
        clips the norm of each variable's gradient to 1: `optimizer(clipnorm=1.0)`.

    Differences from the paper: beta is kept at 0.001 or more, because the expected
    loss is infinite for small samples at 0; the authors' code lets it become negative.
    There is no loss in evaluation, and none, instead of NaN, for a small batch.

    Example:

    >>> layer = VarianceConstancy()
    >>> y = layer(keras.random.normal((8, 32)), training=True)
    >>> len(layer.losses)
    1
    """

    def __init__(
        self,
        weight: float = 0.01,
        sample_size: int = 2,
        beta_initializer: Any = "ones",
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.weight = check_weight(weight)
        self.sample_size = check_sample_size(sample_size)
        self.beta_initializer = keras.initializers.get(beta_initializer)
        if isinstance(shared_axes, int):
            shared_axes = (shared_axes,)
        self.shared_axes = tuple(shared_axes) if shared_axes else None
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        shape = list(input_shape)
        for axis in self.shared_axes or ():
            if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ValueError(
                    f"`shared_axes` must be axes of the input other than the batch "
                    f"axis 0. Received: shared_axes={self.shared_axes} for "
                    f"input_shape={tuple(input_shape)} in layer '{self.name}'"
                )
            shape[axis] = 1
        if None in shape[1:]:
            unknown = tuple(i for i, size in enumerate(shape) if i and size is None)
            raise ValueError(
                f"VarianceConstancy layer '{self.name}' learns one beta per unit and "
                f"must know how many there are. Received: "
                f"input_shape={tuple(input_shape)}. Share beta along the unknown axes "
                f"with shared_axes={unknown}, or set their sizes in keras.Input."
            )
        self.beta = self.add_weight(
            name="beta",
            shape=shape[1:],
            initializer=self._initial_beta,
            constraint=AtLeast(_SMALLEST_BETA),
            dtype="float32",
            autocast=False,
        )

    def _initial_beta(self, shape: Any, dtype: Any = None) -> Tensor:
        # The constraint acts after the first update, and a zero before it.
        return ops.maximum(self.beta_initializer(shape, dtype=dtype), _SMALLEST_BETA)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        if training:
            inputs, rows = _backend.leading_rows(inputs, 2 * self.sample_size)
            loss = variance_constancy_loss(rows, self.beta, self.sample_size, mask)
            self.add_loss(as_loss(self.weight * loss))
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "weight": self.weight,
            "sample_size": self.sample_size,
            "beta_initializer": keras.initializers.serialize(self.beta_initializer),
            "shared_axes": self.shared_axes,
        }
