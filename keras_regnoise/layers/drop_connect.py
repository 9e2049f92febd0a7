import functools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_choice, check_integer
from keras_regnoise._typing import Config, Rate, Tensor
from keras_regnoise.layers._base.amount import rate_amount
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.layers._base.weight_wrapper import STRIP_FIRST, WeightWrapper
from keras_regnoise.ops._precision import widened
from keras_regnoise.ops.drop import drop, kept_scale

_CONV = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


@keras.saving.register_keras_serializable(package="keras_regnoise")
class DropConnect(WeightWrapper):
    """Drops connections, not units: each weight of the wrapped layer by itself.

    In training each entry of the kernel is 0 with probability `rate` and divided by
    `1 - rate` otherwise, with a mask for every sample or one for the batch. At
    inference the layer is called as it is (the mean of the weights), or its activation
    is averaged over the Gaussian of pre-activations `z` that has the mean and the
    variance of training: for a kernel `W` and an input `v`,
    `E z = W v + b` and `Var z = rate / (1 - rate) * (W * W) (v * v)`. Nothing is drawn
    at inference: predictions are the same on every machine.

    Args:
        layer: The layer to wrap: Dense, Conv1D, Conv2D or Conv3D; or a subclass of one,
            with `per="batch"` and `inference="mean"`, which call it.
        rate: Float in [0, 1), the probability that a connection is dropped, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. Defaults to 0.5, the paper's. 0 is the layer itself.
        per: `"sample"` (default, the paper's): a mask for every sample, which takes
            the memory of a kernel for every sample; Dense only. `"batch"`: one mask
            per call, which costs next to nothing; `WeightNoise` does the same for any
            layer.
        inference: `"mean"` (default) or `"gaussian"`.
        num_samples: Integer, points of the Gaussian in `"gaussian"` inference.
            Defaults to 100; ReLU is then averaged to 0.002 standard deviations or
            better.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor as `layer` takes it.
        training: Whether to drop connections.

    Attributes:
        layer: The wrapped layer.

    Reference:
        [Regularization of Neural Networks using DropConnect](
        https://proceedings.mlr.press/v28/wan13.html), algorithms 1 and 2.

    Differences from the paper: the kept weights are divided by `1 - rate` in training,
    so that inference needs no factor; biases are never dropped; positions of a sequence
    or an image share the mask of their sample. Where the paper draws from the Gaussian
    at inference, the Gaussian is cut into `num_samples` parts of equal probability, and
    the mean of each part is a sample: the prediction is the same on every backend and
    in every call, exact for a linear activation, and for ReLU in all parts but that of
    its kink. Every unit has these samples in an order of its own, for an activation of
    several units (softmax).

    Example:

    >>> layer = DropConnect(keras.layers.Dense(3), rate=0.5, inference="gaussian")
    >>> layer(keras.ops.ones((2, 8)), training=True).shape[1]
    3
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        rate: Rate = 0.5,
        per: str = "sample",
        inference: str = "mean",
        num_samples: int = 100,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(layer, ("kernel",), seed, **kwargs)
        self.per = check_choice("per", per, ("sample", "batch"))
        self.inference = check_choice("inference", inference, ("mean", "gaussian"))
        meaning = "the points of inference='gaussian'"
        self.num_samples = check_integer("num_samples", num_samples, meaning, minimum=1)
        _check_layer(layer, per, inference)
        self._rate = rate_amount(rate, self.name)

    @property
    def rate(self) -> Rate:
        """The rate; assign to it to change it, as `NoiseLayer.rate`."""
        return self._rate.value

    @rate.setter
    def rate(self, value: Rate) -> None:
        self._rate.set(value)

    @property
    def kernel(self) -> Tensor:
        """The kernel, to do the work of the layer with; not that of a quantized one."""
        if self.layer.quantization_mode is None:
            return self.layer.kernel
        raise ValueError(
            f"DropConnect layer '{self.name}' needs floating-point weights. Received: "
            f"a {type(self.layer).__name__} layer quantized to "
            f"{self.layer.quantization_mode!r}. {STRIP_FIRST}"
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if self.rate == 0 or not (training or self.inference == "gaussian"):
            return self.call_layer([], inputs, training=training)
        if not training:
            return self._gaussian(inputs)
        step, seed = self.next_draw()
        rate = self._rate.at(step)
        if self.per == "sample":
            outputs = self.layer.activation(self._per_sample(inputs, rate, seed))
            return ops.cast(outputs, self.compute_dtype)
        (kernel,) = self.noisy_variables()
        is_dropped = _backend.bernoulli(tuple(kernel.shape), rate, seed)
        noisy = drop(ops.convert_to_tensor(kernel), is_dropped, kept_scale(rate))
        return self.call_layer([(kernel, noisy)], inputs, training=training)

    def _per_sample(self, inputs: Tensor, rate: Tensor, seed: Tensor) -> Tensor:
        """Pre-activations of Dense, with a kernel for every sample."""
        kernel, sizes = ops.convert_to_tensor(self.kernel), ops.shape(inputs)
        shape = (sizes[0], *kernel.shape)
        is_dropped = _backend.bernoulli(shape, rate, seed)
        kernels = drop(kernel, is_dropped, kept_scale(rate))
        rows = ops.reshape(inputs, (sizes[0], math.prod(sizes[1:-1]), sizes[-1]))
        outputs = ops.matmul(rows, ops.cast(kernels, rows.dtype))
        outputs = ops.cast(outputs, rows.dtype)  # float64 is float32 on torch
        return self._biased(ops.reshape(outputs, (*sizes[:-1], kernel.shape[-1])))

    def _gaussian(self, inputs: Tensor) -> Tensor:
        """Mean activation over the moment-matched Gaussian of the pre-activations."""
        rate = self.current_rate()
        x = widened(inputs)
        kernel = ops.cast(self.kernel, x.dtype)
        mean = self._biased(self._linear(x, kernel))
        variance = self._linear(ops.square(x), ops.square(kernel))
        factor = ops.cast(rate * kept_scale(rate), x.dtype)
        stddev = ops.sqrt(ops.maximum(variance * factor, 0.0))
        normal = ops.convert_to_tensor(self.gaussian_points(mean.ndim), x.dtype)
        outputs = ops.mean(
            self.layer.activation(mean[None] + stddev[None] * normal), axis=0
        )
        return ops.cast(outputs, self.compute_dtype)

    def current_rate(self) -> Tensor:
        """Return the rate that Gaussian inference uses, and the next training step."""
        return self._rate.at(ops.convert_to_tensor(self.seed_generator.state)[1])

    def gaussian_points(self, rank: int) -> np.ndarray[Any, Any]:
        """Return the points of Gaussian inference, for an output of `rank` axes.

        An array `(num_samples, ...)` of one axis more: the size of the channels where
        those of the output are, 1 elsewhere.
        """
        units = self.layer.kernel.shape[-1]
        shape = [1] * (rank + 1)
        shape[0], shape[self._channel_axis()] = self.num_samples, units
        return _gaussian_points(self.num_samples, units).reshape(shape)

    def _linear(self, x: Tensor, kernel: Tensor) -> Tensor:
        if type(self.layer) is keras.layers.Dense:
            return ops.matmul(x, kernel)
        return self.layer.convolution_op(x, kernel)

    def _biased(self, outputs: Tensor) -> Tensor:
        if self.layer.bias is None:
            return outputs
        shape = [1] * outputs.ndim
        shape[self._channel_axis()] = -1
        bias = ops.cast(self.layer.bias, outputs.dtype)
        return outputs + ops.reshape(bias, shape)

    def _channel_axis(self) -> int:
        """Where the channels of the output are, counted from the end."""
        if getattr(self.layer, "data_format", None) == "channels_first":
            return -1 - int(self.layer.rank)
        return -1

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "rate": self._rate.config(),
            "per": self.per,
            "inference": self.inference,
            "num_samples": self.num_samples,
        }


@functools.lru_cache(maxsize=32)
def _gaussian_points(number: int, units: int) -> np.ndarray[Any, Any]:
    """Means of the `number` equally likely parts of N(0, 1), shuffled for each unit."""
    from statistics import NormalDist  # here: importing the package needs it not

    normal = NormalDist()
    edges = [normal.inv_cdf(i / number) for i in range(1, number)]
    densities = np.array([0.0, *map(normal.pdf, edges), 0.0])
    means = number * (densities[:-1] - densities[1:])
    # RandomState: its stream is frozen, so that a model predicts the same for ever.
    order = np.random.RandomState(0).rand(number, units).argsort(axis=0)
    points: np.ndarray[Any, Any] = means[order].astype("float32")
    return points


def _check_layer(layer: keras.layers.Layer, per: str, inference: str) -> None:
    kind = f"Received: layer={type(layer).__name__} '{layer.name}'"
    if not isinstance(layer, (keras.layers.Dense, *_CONV)):
        raise ValueError(
            "DropConnect wraps Dense, Conv1D, Conv2D and Conv3D layers. For other "
            f"layers use keras_regnoise.layers.WeightNoise(layer, rate=...). {kind}"
        )
    if per == "sample" and isinstance(layer, _CONV):
        raise ValueError(
            "per='sample' needs a kernel for every sample, which a convolution cannot "
            f"have. Use per='batch'. {kind}, per='sample'"
        )
    by_hand = per == "sample" or inference == "gaussian"
    if by_hand and type(layer) not in (keras.layers.Dense, *_CONV):
        raise ValueError(
            "per='sample' and inference='gaussian' do the work of Dense and of "
            "convolutions themselves, so that what a subclass does in its own call() "
            "would be left out. Use per='batch' and inference='mean'. "
            f"{kind}, per={per!r}, inference={inference!r}"
        )
    if inference == "gaussian" and getattr(layer, "padding", None) == "causal":
        raise ValueError(
            "inference='gaussian' does not work with padding='causal'. Use "
            f"inference='mean'. {kind}"
        )
    if by_hand and layer.activity_regularizer is not None:
        raise ValueError(
            f"The wrapped layer must have no activity_regularizer with per={per!r} and "
            f"inference={inference!r}. Give it to DropConnect instead. {kind}"
        )
