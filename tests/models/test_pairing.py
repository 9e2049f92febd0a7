"""Variants built with one seed start from the same weights."""

import keras
import numpy as np
import pytest

from keras_regnoise.layers import DropActivation
from keras_regnoise.models import (
    IC_UNITS,
    elu_network,
    lstm_ctc,
    mlp,
    regressor,
    resnet,
)


def weights(model):
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def assert_paired(a, b, weight):
    """Every layer that both have must start equal, and no weight layer be missing."""
    a, b = weights(a), weights(b)
    shared = a.keys() & b.keys()
    assert {name for name in a.keys() | b.keys() if weight in name} <= shared
    assert "classifier" in shared
    for name in shared:
        for x, y in zip(a[name], b[name], strict=True):
            np.testing.assert_array_equal(x, y, err_msg=name)


@pytest.mark.parametrize("bottlenecks", [False, True])
@pytest.mark.parametrize(
    "variant",
    [
        {"unit": IC_UNITS[1]},
        {"unit": IC_UNITS[2]},
        {"unit": IC_UNITS[3]},
        {"unit": ("conv", "norm", "vcl", "relu")},
        {
            "unit": ("noise", "conv", "norm", "relu"),
            "noise": lambda: keras.layers.Dropout(0.1),
            "noise_stages": (3,),
        },
        {"activation": lambda: DropActivation(rate=0.05)},
    ],
    ids=["ic1", "ic2", "ic3", "vcl", "noise", "drop_activation"],
)
def test_arms_of_a_residual_network(variant, bottlenecks):
    keras.utils.set_random_seed(0)
    baseline = resnet(20, bottlenecks=bottlenecks, seed=3)
    arm = resnet(20, bottlenecks=bottlenecks, seed=3, **variant)
    assert_paired(baseline, arm, "conv")


def test_arms_without_and_with_bias_share_their_kernels():
    plain, normalized = (
        elu_network(seed=3),
        elu_network(("conv", "norm", "relu"), seed=3),
    )
    name = "stack3_conv2"
    np.testing.assert_array_equal(
        plain.get_layer(name).get_weights()[0],
        normalized.get_layer(name).get_weights()[0],
    )


@pytest.mark.parametrize(
    ("build", "weight"),
    [
        (lambda **k: mlp(2, classes=3, input_shape=(4,), width=8, **k), "dense"),
        (lambda **k: regressor((9, 8), **k), "dense"),
    ],
)
def test_arms_of_fully_connected_networks(build, weight):
    vcl = build(unit=("dense", "vcl", "relu"), seed=3)
    assert_paired(build(seed=3), vcl, weight)


def test_arms_of_a_recurrent_network():
    noisy = lstm_ctc(
        2, ("noise", "lstm"), width=4, noise=lambda: keras.layers.Dropout(0.1), seed=3
    )
    assert_paired(lstm_ctc(2, width=4, seed=3), noisy, "lstm")


def test_the_two_directions_of_a_recurrent_network_start_apart():
    layer = lstm_ctc(1, width=4, seed=3).get_layer("layer1_lstm")
    forward, backward = layer.forward_layer, layer.backward_layer
    for a, b in zip(forward.get_weights()[:2], backward.get_weights()[:2], strict=True):
        assert np.abs(a - b).max() > 0.01


def test_layers_of_one_shape_start_apart():
    kernels = [
        w[0]
        for name, w in weights(resnet(20, seed=3)).items()
        if "conv" in name and w[0].shape == (3, 3, 16, 16)
    ]
    assert len(kernels) == 6
    for i, a in enumerate(kernels):
        for b in kernels[:i]:
            assert np.abs(a - b).max() > 0.01


@pytest.mark.parametrize("other", [4, None])
def test_another_seed_gives_other_weights(other):
    a, b = weights(resnet(8, seed=3)), weights(resnet(8, seed=other))
    assert np.abs(a["stem_conv"][0] - b["stem_conv"][0]).max() > 0.01


def test_weights_have_the_scale_of_he():
    kernel = resnet(20, seed=3).get_layer("stage3_unit3_conv2").get_weights()[0]
    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / (9 * 64)), rtol=0.02)
