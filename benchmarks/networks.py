"""The networks whose training steps are measured, each with one layer everywhere."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks.candidates import RATE, make
from benchmarks.cases import NETWORKS, Plan
from keras_regnoise import layers, models

NONE = "none"  # the network as it is
BATCH_SIZES = {"elu11": 64, "resnet20": 32, "wide_resnet28_10": 128}
_BUILT_IN = ("BatchNormalization", "Dropout", "SpatialDropout2D")
_QUICK_ARMS = (NONE, "BatchNormalization", "VarianceConstancy", "SpatialRotationOut")
_WIDE = "wide_resnet28_10"
CHAIN_FILTERS = 64
_CLASSES = 10

_PLAIN = ("conv", "relu")
_UNITS = {
    NONE: _PLAIN,
    "DropActivation": _PLAIN,
    "BatchNormalization": ("conv", "norm", "relu"),
    "VarianceConstancy": ("conv", "vcl", "relu"),
    "ICLayer": ("conv", "relu", "ic"),
}
_NOISE_UNIT = ("conv", "relu", "noise")
_WIDE_NOISE_UNIT = ("norm", "relu", "noise", "conv")


def networks(plan: Plan, device: str) -> tuple[str, ...]:
    """Return the networks of the plan; the wide one by itself only on a GPU."""
    if plan.networks:
        return tuple(name for name in plan.networks if name in NETWORKS)
    return NETWORKS if device else NETWORKS[:2]


def arms(network: str, plan: Plan) -> list[str]:
    """Return what is measured in a network, what it is compared with first."""
    names = [NONE, *_BUILT_IN, *plan.layers]
    if network == _WIDE:
        names = [name for name in names if name == NONE or name not in _UNITS]
    return [name for name in names if not plan.quick or name in _QUICK_ARMS]


def build(network: str, arm: str) -> Any:
    """Build a network with a layer of the given name in every unit."""
    if network == _WIDE:
        if arm == NONE:
            return models.wide_resnet(28, 10)
        return models.wide_resnet(28, 10, _WIDE_NOISE_UNIT, noise=_factory(arm))
    activation = "elu" if network == "elu11" else "relu"
    words: dict[str, Any] = {"activation": activation}
    if arm == "DropActivation":
        words["activation"] = lambda: layers.DropActivation(activation, RATE)
    elif arm not in _UNITS:
        words["noise"] = _factory(arm)
    unit = _UNITS.get(arm, _NOISE_UNIT)
    if network == "elu11":
        return models.elu_network(unit, widening=1, dropout=(0.0,) * 6, **words)
    return models.resnet(20, unit, **words)


def chain(depth: int, arm: str) -> Any:
    """Build a chain of convolution, ReLU and a layer, all of one size."""
    x = images = keras.Input((32, 32, 3))
    for _ in range(depth):
        x = keras.layers.Conv2D(CHAIN_FILTERS, 1)(x)
        if arm != "DropActivation":  # which is the activation
            x = keras.layers.ReLU()(x)
        x = make(arm)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, keras.layers.Dense(_CLASSES, "softmax")(x))


def batch(size: int) -> tuple[Any, Any]:
    """Return CIFAR-like images and labels."""
    generator = np.random.default_rng(1)
    images = generator.standard_normal((size, 32, 32, 3), dtype="float32")
    labels = generator.integers(_CLASSES, size=size)
    return ops.convert_to_tensor(images), ops.convert_to_tensor(labels, dtype="int32")


def _factory(arm: str) -> Callable[[], Any]:
    return lambda: make(arm)
