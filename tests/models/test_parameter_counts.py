"""Trainable parameters against the papers that introduced the architectures."""

from itertools import pairwise
from math import prod

import pytest

from keras_regnoise.models import (
    IC_UNITS,
    densenet,
    elu_network,
    imagenet_resnet,
    lstm_ctc,
    preact_resnet,
    resnet,
    resnet18,
    resnext,
    wide_resnet,
)

# The counts are the same on every backend.
pytestmark = pytest.mark.tensorflow


def parameters(model):
    return sum(prod(variable.shape) for variable in model.trainable_variables)


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (lambda: resnet(20), 0.27),
        (lambda: resnet(110), 1.7),
        (lambda: resnet(110, shortcut=()), 1.7),
        (lambda: resnet(164, bottlenecks=True), 1.7),
        (lambda: preact_resnet(164), 1.7),
        (lambda: wide_resnet(16, 8), 11.0),
        (lambda: wide_resnet(28, 10), 36.5),
        (lambda: densenet(100, 12), 0.8),
        (lambda: densenet(190, 40), 25.6),
        (lambda: resnext(29, 8, 64), 34.4),
        (lambda: resnet18(), 11.2),
        (lambda: imagenet_resnet(), 25.6),
    ],
)
def test_literature(build, millions):
    last_digit = 0.01 if millions == 0.27 else 0.1
    assert abs(parameters(build()) / 1e6 - millions) < last_digit / 2


@pytest.mark.parametrize(("bottlenecks", "channels"), [(False, 64), (True, 256)])
@pytest.mark.parametrize(("version", "last_unit"), [(1, 1), (2, 1), (3, 0)])
def test_ic_units_have_as_many_as_the_baseline(
    version, last_unit, bottlenecks, channels
):
    # Versions 1 and 2 have no normalization behind the stem; the IC layer that
    # the last unit adds makes up for it, two parameters for every channel.
    baseline = resnet(20, bottlenecks=bottlenecks)
    model = resnet(20, IC_UNITS[version], bottlenecks=bottlenecks)
    assert parameters(model) == parameters(baseline)
    added = sum(
        parameters(layer) for layer in model.layers if layer.name.startswith("final")
    )
    assert added == 2 * channels * last_unit


def test_ic_units_of_resnet_110_have_as_many_as_the_baseline():
    assert parameters(resnet(110, IC_UNITS[1])) == 1_730_522 == parameters(resnet(110))


def test_elu_network_without_normalization():
    # Weights and biases of the eleven layers, from widths and kernels.
    widths = [3, 192, 384, 480, 480, 520, 520, 560, 560, 600, 600, 10]
    kernels = [5, 1, 3, 1, 2, 1, 2, 1, 2, 1, 1]
    expected = sum(
        kernel**2 * before * after + after
        for kernel, (before, after) in zip(kernels, pairwise(widths), strict=True)
    )
    assert parameters(elu_network()) == expected


def test_recurrent_network():
    # Four gates in two directions; the two halves of a layer's output are joined.
    inputs = [40, 1024, 1024, 1024]
    layers = sum(2 * 4 * 512 * (size + 512 + 1) for size in inputs)
    assert parameters(lstm_ctc()) == layers + (1024 + 1) * 137
