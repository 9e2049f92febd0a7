import inspect
from collections.abc import Sequence
from typing import Any, Self

import keras

from keras_regnoise._keras.kinds import Wrapper
from keras_regnoise._typing import Config, Shape, Tensor
from keras_regnoise.layers._base.amount import deserialized
from keras_regnoise.layers._base.replaced_weights import ReplacedWeights
from keras_regnoise.layers._base.seeded_layer import SeededLayer

STRIP_FIRST = (
    "Train first, take the noise out with keras_regnoise.placement.strip(model), then "
    "quantize."
)


@Wrapper.register
class WeightWrapper(SeededLayer):
    """Base class of the layers that call another with noise on its weights.

    Weights, their order and their names are those of the wrapped layer, so
    `wrapper.set_weights(layer.get_weights())` and back.

    Args:
        layer: The Keras layer to wrap; kept as `wrapper.layer`.
        weights: Names of the weights that get noise.
        seed: Integer or None.
        **kwargs: Those of `keras.layers.Layer`; `dtype` defaults to that of `layer`.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        weights: Sequence[str],
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, keras.layers.Layer):
            raise ValueError(
                "`layer` must be a Keras layer, such as keras.layers.Dense(10). "
                f"Received: layer={layer!r}"
            )
        _check_one_input(type(self).__name__, layer)
        kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(seed, **kwargs)
        self.layer = layer
        self.noisy_weights = _names(weights)
        self.supports_masking = layer.supports_masking
        if not kwargs.get("trainable", True):
            # Not self.trainable: on TensorFlow what does not change reaches no part.
            layer.trainable = False

    def build(self, input_shape: Shape) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
        self.noisy_variables()

    def noisy_variables(self) -> list[keras.Variable]:
        """Return the variables that get noise, or raise `ValueError` if one lacks."""
        found = [v for v in self.layer.weights if v.name in self.noisy_weights]
        there = sorted({v.name for v in self.layer.weights})
        missing = [name for name in self.noisy_weights if name not in there]
        if missing:
            raise ValueError(
                f"{type(self).__name__} layer '{self.name}' puts noise on weights that "
                f"its {type(self.layer).__name__} layer does not have: {missing}. Its "
                f"weights are {there}. Received: weights={self.noisy_weights}"
            )
        for variable in found:
            if not keras.backend.is_float_dtype(variable.dtype):
                raise ValueError(
                    f"Noise needs floating-point weights. Received: {variable.path} of "
                    f"dtype {variable.dtype}. {STRIP_FIRST}"
                )
        return found

    def call_layer(
        self, values: list[tuple[keras.Variable, Tensor]], inputs: Any, **arguments: Any
    ) -> Any:
        """Call the wrapped layer with other values for some of its weights.

        Args:
            values: List of pairs of a variable and a tensor.
            inputs: The inputs.
            **arguments: Those that the layer does not take, and those that are None,
                are left out.
        """
        accepted = inspect.signature(self.layer.call).parameters
        arguments = {
            name: value
            for name, value in arguments.items()
            if name in accepted and value is not None
        }
        if not values:
            return self.layer(inputs, **arguments)
        with ReplacedWeights(values) as scope:
            outputs = self.layer(inputs, **arguments)
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape: Shape = self.layer.compute_output_shape(input_shape)
        return shape

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> Any:
        return self.layer.compute_mask(inputs, previous_mask)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        if "go_backwards" in config:
            raise ValueError(
                f"Bidirectional can't reverse a wrapped layer. Wrap it instead: "
                f"{cls.__name__}(keras.layers.Bidirectional(layer), ...) in place of "
                f"Bidirectional({cls.__name__}(layer, ...))."
            )
        return cls(**deserialized(config, "layer", "rate", "stddev"))

    def get_config(self) -> Config:
        layer = keras.saving.serialize_keras_object(self.layer)
        return {**super().get_config(), "layer": layer}


def _check_one_input(kind: str, layer: keras.layers.Layer) -> None:
    if hasattr(layer, "state_size") and not isinstance(layer, keras.layers.RNN):
        raise ValueError(
            f"{kind} can't wrap a cell, because its noise is the same for all time "
            f"steps. Wrap the recurrent layer: {kind}(keras.layers.RNN(cell), ...) in "
            f"place of RNN({kind}(cell, ...))."
        )
    needed = [
        parameter.name
        for parameter in inspect.signature(layer.call).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if len(needed) > 1:
        raise ValueError(
            f"{kind} calls its layer with one input, and {type(layer).__name__} needs "
            f"{', '.join(needed)}. Wrap a layer of your own that has it inside and "
            f"takes one input, such as one with call(self, x): return "
            f"self.attention(x, x)."
        )


def _names(weights: object) -> tuple[str, ...]:
    names = tuple(weights) if isinstance(weights, list | tuple) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "`weights` must be a tuple of names of weights, such as ('kernel',) or "
            f"('kernel', 'recurrent_kernel'). Received: weights={weights!r}"
        )
    return names
