"""BatchNormalization folded into the weights beside it, for deployment."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_regnoise._keras.graph import Call, distinct_layers, graphs, walk
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._select import check_model
from keras_regnoise.placement._sharing import Sharing

Array = np.ndarray[Any, np.dtype[np.float64]]

_CONV = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_WEIGHTED = (keras.layers.Dense, *_CONV, *_TRANSPOSED, *_DEPTHWISE, *_SEPARABLE)


def fold(model: keras.Model) -> keras.Model:
    """Fold BatchNormalization into the weight layers next to it, where that is exact.

    At inference a BatchNormalization is a scale and a shift of each channel, which
    the weights beside it can absorb:

    - after a dense or convolution layer without an activation: always;
    - before a dense layer, and before a convolution (also depthwise, separable, not
      transposed) with `padding="valid"` or a kernel of size 1. With padding the
      border would see zeros where it saw the shift, so it is left alone.

    It is left alone too where that would change another path: where the tensor
    between the two layers is used elsewhere or is an output of the model, or where
    one of them is called twice, or stands in another nested model.

    The result is for inference: it has no batch statistics to train with. An
    `ICLayer` before a weight layer folds after `strip`; a `Dropout` that stands in
    between has to be taken out first: `fold(strip(model, also=KERAS_NOISE))`.

    Args:
        model: A functional or Sequential model. It stays as it is.

    Returns:
        A new model, with a bias where the fold needs one, whose predictions are
        those of `model` up to rounding. It is not compiled, even if `model` was.
        A model in which nothing can be folded is copied.

    Raises:
        ValueError: If the model is subclassed.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((8, 8, 3)),
        ...         keras.layers.Conv2D(4, 3, use_bias=False, name="conv"),
        ...         keras.layers.BatchNormalization(),
        ...         keras.layers.ReLU(name="act"),
        ...     ]
        ... )
        >>> [layer.name for layer in fold(model).layers]
        ['conv', 'act']
    """
    check_model(model)
    times = Counter(id(call.layer) for call in walk(model))
    sharing = Sharing(model)
    for layer in distinct_layers(walk(model)):
        times[id(layer)] += sharing.is_shared(layer)
    edits = Edits()
    for graph, calls in graphs(model):
        if not any(call.shapeless for call in calls):
            _GraphFold(graph, calls, times).add_to(edits)
    return rebuild(model, edits)


@dataclass
class _Weights:
    """A weight layer's kernels and bias, in float64 while scales are folded in."""

    layer: keras.Layer
    kernels: list[Array]
    bias: Array

    def scale_outputs(self, scale: Array, shift: Array) -> None:
        """Absorb a scale and a shift of each output channel."""
        if isinstance(self.layer, _TRANSPOSED):  # (..., outputs, inputs)
            factor = scale[:, None]
        elif isinstance(self.layer, _DEPTHWISE):  # (..., inputs, multiplier)
            factor = scale.reshape(self.kernels[-1].shape[-2:])
        else:  # (..., inputs, outputs)
            factor = scale
        self.kernels[-1] = self.kernels[-1] * factor
        self.bias = self.bias * scale + shift

    def scale_inputs(self, scale: Array, shift: Array) -> None:
        """Absorb a scale and a shift of each input channel."""
        first = self.kernels[0]
        if isinstance(self.layer, (*_DEPTHWISE, *_SEPARABLE)):
            # (..., inputs, multiplier); the channels then are inputs * multiplier.
            constant = (_sum_positions(first) * shift[:, None]).ravel()
            if isinstance(self.layer, _SEPARABLE):
                constant = constant @ self.kernels[1].reshape(constant.size, -1)
            self.bias = self.bias + constant
            self.kernels[0] = first * scale[:, None]
            return
        # (..., inputs of a group, outputs): each output sees one group's channels.
        groups = getattr(self.layer, "groups", 1)
        repeats = first.shape[-1] // groups
        scale, shift = (
            np.repeat(v.reshape(groups, -1), repeats, axis=0).T for v in (scale, shift)
        )
        self.bias = self.bias + (_sum_positions(first) * shift).sum(axis=0)
        self.kernels[0] = first * scale


class _GraphFold:
    """The folds inside one model, nested models aside.

    Args:
        graph: The model.
        calls: The calls that it makes.
        times: How often each layer stands in the outermost model.
    """

    def __init__(self, graph: keras.Model, calls: list[Call], times: Counter[int]):
        self.calls = calls
        self.times = times
        self.weights: dict[int, _Weights] = {}
        self.uses = Counter(id(t) for call in calls for t in call.tensors)
        self.uses.update(id(t) for t in graph.outputs)
        self.source = {id(t): call for call in calls for t in call.outputs}
        self.target = {id(t): call for call in calls for t in call.tensors}

    def add_to(self, edits: Edits) -> None:
        """Find the folds and write them down in `edits`."""
        norms = [call for call in self.calls if self._is_foldable_norm(call)]
        for call in norms:
            if self._into_source(call):
                edits.instead[id(call.layer)] = None
        # Backwards, so that of two in a row the second makes way for the first.
        for call in reversed(norms):
            if id(call.layer) not in edits.instead and self._into_target(call):
                edits.instead[id(call.layer)] = None
        for weights in self.weights.values():
            new = copy_layer(weights.layer, use_bias=True)
            edits.instead[id(weights.layer)] = new
            edits.weights.append((new, [*weights.kernels, weights.bias]))

    def _into_source(self, norm: Call) -> bool:
        """Fold into the weight layer before `norm`, if that is exact."""
        x, y = norm.tensors[0], norm.outputs[0]
        source = self.source[id(x)]
        layer = source.layer
        if not (
            self._has_weights(source)
            and self.uses[id(x)] == 1
            and layer.activation is keras.activations.linear
            and _channel_axis(layer, x) == _axis(norm.layer, x)
        ):
            return False
        self._weights_of(layer).scale_outputs(*_affine(norm.layer))
        # What reads the normalization now reads the weight layer.
        self.source[id(y)] = source
        return True

    def _into_target(self, norm: Call) -> bool:
        """Fold into the weight layer after `norm`, if that is exact."""
        x, y = norm.tensors[0], norm.outputs[0]
        target = self.target.get(id(y))
        if not (
            target is not None
            and self._has_weights(target)
            and self.uses[id(y)] == 1
            and _sees_no_padding(target.layer)
            and _channel_axis(target.layer, y) == _axis(norm.layer, y)
        ):
            return False
        self._weights_of(target.layer).scale_inputs(*_affine(norm.layer))
        self.target[id(x)] = target
        return True

    def _is_foldable_norm(self, call: Call) -> bool:
        return (
            type(call.layer) is keras.layers.BatchNormalization
            and call.tensors[0].dtype == call.outputs[0].dtype
            and self._is_alone(call)
            and not call.kwargs.get("training")
        )

    def _has_weights(self, call: Call) -> bool:
        return (
            type(call.layer) in _WEIGHTED
            and self._is_alone(call)
            and getattr(call.layer, "quantization_mode", None) is None
            and not getattr(call.layer, "lora_enabled", False)
        )

    def _is_alone(self, call: Call) -> bool:
        """Whether the layer stands in one place and is called on one tensor."""
        return self.times[id(call.layer)] == 1 and len(call.args) == 1

    def _weights_of(self, layer: keras.Layer) -> _Weights:
        if id(layer) not in self.weights:
            arrays = [w.astype(np.float64) for w in layer.get_weights()]
            last = arrays.pop() if layer.use_bias else np.zeros(_outputs(layer, arrays))
            self.weights[id(layer)] = _Weights(layer, arrays, last)
        return self.weights[id(layer)]


def _affine(norm: keras.layers.BatchNormalization) -> tuple[Array, Array]:
    """The scale and the shift that `norm` is at inference."""

    def value(variable: Any) -> Array:
        return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)

    scale = 1.0 / np.sqrt(value(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * value(norm.gamma)
    shift = -value(norm.moving_mean) * scale
    if norm.center:
        shift = shift + value(norm.beta)
    return scale, shift


def _axis(norm: keras.layers.BatchNormalization, tensor: Any) -> int:
    return int(norm.axis) % len(tensor.shape)


def _channel_axis(layer: keras.Layer, tensor: Any) -> int:
    first = getattr(layer, "data_format", None) == "channels_first"
    return 1 if first else len(tensor.shape) - 1


def _sees_no_padding(layer: keras.Layer) -> bool:
    if isinstance(layer, keras.layers.Dense):
        return True
    if isinstance(layer, _TRANSPOSED):
        return False  # near the border fewer inputs meet the kernel
    return layer.padding == "valid" or set(layer.kernel_size) == {1}


def _outputs(layer: keras.Layer, kernels: list[Array]) -> int:
    next_to_last, last = kernels[-1].shape[-2:]
    if isinstance(layer, _DEPTHWISE):
        return int(next_to_last * last)
    return int(next_to_last if isinstance(layer, _TRANSPOSED) else last)


def _sum_positions(kernel: Array) -> Array:
    """The sum over the positions of a kernel, the last two axes left."""
    total: Array = kernel.sum(axis=tuple(range(kernel.ndim - 2)))
    return total
