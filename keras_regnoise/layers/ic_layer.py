import inspect
from typing import Any, Self

import keras
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise._arguments import check_choice
from keras_regnoise._seeds import check_seed
from keras_regnoise._typing import Config, Rate, Shape, Tensor
from keras_regnoise.layers._base.amount import check_rate_or_schedule, deserialized
from keras_regnoise.layers._base.checks import (
    check_axis,
    check_float,
    feature_size,
)
from keras_regnoise.layers._base.fast_dropout import FastDropout
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.layers.rotation_out import RotationOut

_NORMALIZATIONS = ("batch", "layer", "group", "instance")
_NOISES = {"dropout": FastDropout, "rotationout": RotationOut}
_MAX_GROUPS = 32
_LAYER = "a Keras layer"


@keras.saving.register_keras_serializable(package="keras_regnoise")
class ICLayer(keras.layers.Layer):  # type: ignore[misc]
    """Independent-Component layer: normalization, then noise, before a weight layer.

    Normalization stands in for the whitening of independent component analysis, and
    noise for its rotation: with rate `r`, Dropout multiplies the correlation of two
    normalized units by `1 - r` and their mutual information by `(1 - r)^2`. Put it
    right before a Dense or convolutional layer, after the activation, not between
    weights and activation as BatchNormalization usually is.

    Args:
        rate: Float in [0, 1), the strength of the noise, or a
            `keras.optimizers.schedules.LearningRateSchedule`. Defaults to 0.05, the
            paper's. Not used if `noise` is a layer.
        normalization: `"batch"` (default), `"layer"`, `"group"` (the most groups, up to
            32, that divide the features), `"instance"`, or a Keras layer.
        noise: `"dropout"` (default), `"rotationout"` (the rotation that Dropout stands
            in for), or a Keras layer.
        axis: Integer, the feature axis. Defaults to -1. Not used for layers given.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of rank 2 or more; rank 3 or more for `"instance"`.
        training: Whether to normalize by the batch and to add noise.
        mask: Optional mask of the time steps; masked ones stay out of the statistics
            of BatchNormalization and of RotationOut.

    Attributes:
        normalization: The normalization layer.
        noise: The noise layer.

    Reference:
        [Rethinking the Usage of Batch Normalization and Dropout in the Training of Deep
        Neural Networks](https://arxiv.org/abs/1905.05928), section 3 and figure 2.

    Differences from the paper: its theory has `p` as the keep probability, its listing
    passes the same `p` to Keras as the rate; here `rate` is the rate. The factors above
    need inputs of zero mean, and for the mutual information without mass at 0, which
    normalization right before the noise provides.

    In training BatchNormalization makes a single vector, as in a last batch of one,
    zero, whatever the vector is: leave such batches out, or use `"layer"`.

    Example:

    >>> block = keras.Sequential(
    ...     [keras.layers.ReLU(), ICLayer(0.05), keras.layers.Conv2D(32, 3)]
    ... )
    >>> tuple(block(keras.ops.ones((4, 8, 8, 16)), training=True).shape)
    (4, 6, 6, 32)
    """

    def __init__(
        self,
        rate: Rate = 0.05,
        normalization: str | keras.layers.Layer = "batch",
        noise: str | keras.layers.Layer = "dropout",
        axis: int = -1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(normalization, keras.layers.Layer):
            check_choice("normalization", normalization, _NORMALIZATIONS, _LAYER)
        if not isinstance(noise, keras.layers.Layer):
            check_choice("noise", noise, tuple(_NOISES), _LAYER)
        self.axis = check_axis(axis)
        self.seed = check_seed(seed)
        self._unused_rate = check_rate_or_schedule(rate)
        self._chosen = {"normalization": normalization, "noise": noise}
        options: dict[str, Any] = {"dtype": self.dtype_policy}
        self.noise: Any = noise
        if isinstance(noise, str):
            if noise == "rotationout":
                options["axis"] = self.axis
            self.noise = _NOISES[noise](rate, seed=self.seed, name="noise", **options)
        self.normalization: Any = normalization
        if isinstance(normalization, str):
            options["axis"] = self.axis
            self.normalization = _normalization(normalization, options)
        self._parts = [
            (layer, _accepted(layer)) for layer in (self.normalization, self.noise)
        ]
        self.supports_masking = True
        if not kwargs.get("trainable", True):
            # Not self.trainable: on TensorFlow what does not change reaches no part.
            self.normalization.trainable = self.noise.trainable = False

    @property
    def rate(self) -> Rate:
        """The rate of the noise; assign to it to change it, as `NoiseLayer.rate`."""
        return getattr(self.noise, "rate", self._unused_rate)

    @rate.setter
    def rate(self, value: Rate) -> None:
        if not isinstance(self.noise, NoiseLayer):
            raise ValueError(
                f"The noise of ICLayer '{self.name}' is a layer of its own, whose rate "
                f"can't be changed: {type(self.noise).__name__}. Use noise='dropout', "
                f"noise='rotationout' or a layer of keras_regnoise. "
                f"Received: rate={value!r}"
            )
        self.noise.rate = value

    def build(self, input_shape: Shape) -> None:
        kind = self._chosen["normalization"]
        if any(isinstance(choice, str) for choice in self._chosen.values()):
            dim = feature_size(self, input_shape, self.axis)
        if kind == "instance" and len(input_shape) < 3:
            raise ValueError(
                f"normalization='instance' normalizes over positions, of which a "
                f"vector has only one. Received: input_shape={tuple(input_shape)} in "
                f"layer '{self.name}'. Use normalization='layer' or 'batch'."
            )
        if kind == "group":
            self.normalization.groups = max(
                groups for groups in range(1, _MAX_GROUPS + 1) if dim % groups == 0
            )
        for layer, _ in self._parts:
            if not layer.built:
                layer.build(input_shape)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        arguments = {"training": training, "mask": mask}
        outputs = inputs
        for layer, accepted in self._parts:
            outputs = layer(outputs, **{name: arguments[name] for name in accepted})
        return outputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        choices = dict(self._chosen)
        if self.trainable and not self.normalization.trainable:
            choices["normalization"] = self.normalization  # frozen by itself
        chosen = {
            name: keras.saving.serialize_keras_object(choice)
            for name, choice in choices.items()
        }
        return {
            **super().get_config(),
            "rate": self._rate_config(),
            **chosen,
            "axis": self.axis,
            "seed": self.seed,
        }

    def _rate_config(self) -> Any:
        rate = self._unused_rate
        if isinstance(self._chosen["noise"], str):
            return self.noise.get_config()["rate"]
        is_schedule = isinstance(rate, LearningRateSchedule)
        return keras.saving.serialize_keras_object(rate) if is_schedule else rate

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**deserialized(config, "rate", "normalization", "noise"))


def _normalization(kind: str, options: dict[str, Any]) -> keras.layers.Layer:
    options = {"name": "normalization", **options}
    if kind == "batch":
        return keras.layers.BatchNormalization(**options)
    if kind == "layer":
        return keras.layers.LayerNormalization(**options)
    # The groups of "group" follow from the features, which build() knows.
    groups = -1 if kind == "instance" else 1
    return keras.layers.GroupNormalization(groups=groups, **options)


def _accepted(layer: keras.layers.Layer) -> tuple[str, ...]:
    """Return which of Keras's optional call arguments a layer takes."""
    parameters = inspect.signature(layer.call).parameters
    return tuple(name for name in ("training", "mask") if name in parameters)
