"""Residual networks: where the layers stand, shapes and sizes."""

import re

import keras
import numpy as np
import pytest

from keras_regnoise.layers import DropActivation, VarianceConstancy
from keras_regnoise.models import (
    BASELINE,
    IC_UNITS,
    PREACTIVATION,
    densenet,
    preact_resnet,
    resnet,
    resnext,
    wide_resnet,
)

DROPOUT_A = ("conv", "noise", "norm", "relu")
DROPOUT_B = ("noise", "conv", "norm", "relu")
BETWEEN = ("conv", "norm", "relu", "noise", "conv", "norm", "relu")


def dropout():
    return keras.layers.Dropout(0.1)


def parents(model):
    """Return the names of the layers that feed each layer."""
    return {
        layer["name"]: re.findall(
            r"'keras_history': \['([^']+)'", str(layer["inbound_nodes"])
        )
        for layer in model.get_config()["layers"]
    }


def branch(model, unit):
    """Return the residual branch of a unit from its end to its entry."""
    feeds = parents(model)
    shortcut, name = feeds[f"{unit}_add"]
    names = []
    while name != shortcut and name.startswith(f"{unit}_"):
        names.append(name.removeprefix(f"{unit}_"))
        (name,) = feeds[name]
    return names[::-1]


def noise_layers(model):
    return [layer.name for layer in model.layers if "noise" in layer.name]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (BASELINE, "conv1 norm1 relu1 conv2 norm2"),
        (PREACTIVATION, "norm1 relu1 conv1 norm2 relu2 conv2"),
        (IC_UNITS[1], "relu1 ic1 conv1 relu2 ic2 conv2"),
        (IC_UNITS[2], "ic1 conv1 relu1 ic2 conv2 relu2"),
        (IC_UNITS[3], "conv1 relu1 ic1 conv2 relu2 ic2"),
    ],
)
def test_order_of_the_layers_in_a_unit(unit, expected):
    model = resnet(14, unit)
    assert branch(model, "stage2_unit2") == expected.split()


@pytest.mark.parametrize(
    ("unit", "stem", "final"),
    [
        (BASELINE, ["stem_conv", "stem_norm", "stem_relu"], []),
        (PREACTIVATION, ["stem_conv"], ["final_norm", "final_relu"]),
        (IC_UNITS[1], ["stem_conv"], ["final_relu", "final_ic"]),
        (IC_UNITS[2], ["stem_conv", "stem_relu"], ["final_ic"]),
        (IC_UNITS[3], ["stem_conv", "stem_relu", "stem_ic"], []),
    ],
)
def test_stem_and_last_unit(unit, stem, final):
    names = [layer.name for layer in resnet(8, unit).layers]
    assert [name for name in names if name.startswith("stem")] == stem
    assert [name for name in names if name.startswith("final")] == final


def test_the_baseline_activates_the_sum():
    feeds = parents(resnet(14))
    assert feeds["stage1_unit2_conv1"] == ["stage1_unit1_relu2"]
    assert feeds["stage1_unit1_relu2"] == ["stage1_unit1_add"]
    assert feeds["stage1_unit2_add"] == ["stage1_unit1_relu2", "stage1_unit2_norm2"]


def test_a_projection_shares_the_preactivation_but_not_the_noise():
    unit = ("norm", "relu", "noise", "conv")
    feeds = parents(wide_resnet(10, 1, unit, noise=dropout))
    assert feeds["stage2_unit1_shortcut_conv"] == ["stage2_unit1_relu1"]
    assert feeds["stage2_unit1_noise1"] == ["stage2_unit1_relu1"]
    assert feeds["stage2_unit1_relu1"] == ["stage2_unit1_norm1"]


def test_an_identity_does_not_share_the_preactivation():
    feeds = parents(preact_resnet(14, bottlenecks=False))
    assert feeds["stage1_unit2_add"][0] == "stage1_unit1_add"


def test_dropout_a_stands_between_weight_and_normalization():
    feeds = parents(resnet(8, DROPOUT_A, noise=dropout))
    assert feeds["stage1_unit1_noise1"] == ["stage1_unit1_conv1"]
    assert feeds["stage1_unit1_norm1"] == ["stage1_unit1_noise1"]


def test_dropout_b_stands_before_the_weight():
    feeds = parents(resnet(8, DROPOUT_B, noise=dropout))
    assert feeds["stage1_unit1_conv2"] == ["stage1_unit1_noise2"]
    assert feeds["stage2_unit1_shortcut_conv"] == ["stage1_unit1_relu2"]


@pytest.mark.parametrize(("unit", "count"), [(DROPOUT_B, 36), (BETWEEN, 18)])
def test_noise_in_stage_3_of_resnet_110(unit, count):
    names = noise_layers(resnet(110, unit, noise=dropout, noise_stages=(3,)))
    assert len(names) == count
    assert all(name.startswith("stage3_") for name in names)


def test_noise_in_stages_2_and_3_of_wide_resnet_28_10():
    unit = ("norm", "relu", "noise", "conv")
    names = noise_layers(wide_resnet(28, 10, unit, noise=dropout, noise_stages=(2, 3)))
    assert len(names) == 16
    assert {name.split("_")[0] for name in names} == {"stage2", "stage3"}


def test_noise_in_every_stage_by_default():
    # 3 stages of 1 unit of 2 convolutions; the stem is no stage.
    assert len(noise_layers(resnet(8, DROPOUT_B, noise=dropout))) == 6


def test_densenet_counts_a_transition_to_the_block_before_it():
    names = noise_layers(
        densenet(
            10,
            4,
            ("norm", "relu", "noise", "conv"),
            noise=dropout,
            noise_stages=(1,),
        )
    )
    assert names == [
        "stage1_unit1_noise1",
        "stage1_unit1_noise2",
        "stage1_transition_noise",
    ]


def test_vcl_stands_before_every_activation():
    model = resnet(14, ("conv", "norm", "vcl", "relu"), bottlenecks=False)
    feeds = parents(model)
    activations = [name for name in feeds if "relu" in name]
    assert len(activations) == 13
    for name in activations:
        (parent,) = feeds[name]
        assert isinstance(model.get_layer(parent), VarianceConstancy)


@pytest.mark.parametrize("build", [resnet, preact_resnet, resnext])
def test_drop_activation_stands_for_every_relu(build):
    model = build(11 if build is not resnet else 8)
    dropped = build(
        11 if build is not resnet else 8, activation=lambda: DropActivation(rate=0.05)
    )
    names = [
        layer.name
        for layer in model.layers
        if isinstance(layer, keras.layers.Activation)
    ]
    assert names == [
        layer.name for layer in dropped.layers if isinstance(layer, DropActivation)
    ]
    assert not any(
        isinstance(layer, (keras.layers.Activation, keras.layers.ReLU))
        for layer in dropped.layers
    )


@pytest.mark.parametrize("shortcut", [(), ("conv",), ("conv", "norm")])
@pytest.mark.parametrize("shape", [(9, 15, 3), (1, 2, 1)])
def test_odd_sizes(shortcut, shape):
    model = resnet(8, shortcut=shortcut, input_shape=shape, classes=7)
    x = np.ones((2, *shape), "float32")
    assert model(x).shape == (2, 7)


def test_unknown_sizes():
    model = resnet(8, shortcut=(), input_shape=(None, None, 3))
    assert model(np.ones((1, 11, 6, 3), "float32")).shape == (1, 10)


@pytest.mark.parametrize(
    "build",
    [
        lambda shape: wide_resnet(10, 2, input_shape=shape),
        lambda shape: densenet(10, 4, input_shape=shape),
        lambda shape: preact_resnet(11, input_shape=shape),
    ],
)
def test_odd_sizes_of_other_architectures(build):
    assert build((7, 10, 1))(np.ones((2, 7, 10, 1), "float32")).shape == (2, 10)


def test_the_identity_shortcut_subsamples_and_pads_with_zeros():
    model = resnet(8, shortcut=(), input_shape=(5, 6, 3), seed=0)
    entry, padded = keras.Model(
        model.input,
        [
            model.get_layer("stage1_unit1_relu2").output,
            model.get_layer("stage2_unit1_shortcut_pad").output,
        ],
    )(np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32"))
    entry, padded = map(keras.ops.convert_to_numpy, (entry, padded))
    np.testing.assert_array_equal(padded[..., :16], entry[:, ::2, ::2])
    assert not padded[..., 16:].any()


def test_stages_halve_the_image():
    model = resnext(29, 2, 4)
    sizes = [model.get_layer(f"stage{i}_unit3_add").output.shape[1:] for i in (1, 2, 3)]
    assert sizes == [(32, 32, 256), (16, 16, 512), (8, 8, 1024)]


def test_a_saved_network_answers_the_same(tmp_path):
    model = resnet(
        8,
        DROPOUT_B,
        shortcut=(),
        input_shape=(8, 8, 3),
        noise=dropout,
        activation=lambda: DropActivation(rate=0.05),
    )
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model(x)), keras.ops.convert_to_numpy(loaded(x))
    )


@pytest.mark.parametrize(
    ("build", "depth", "rule"),
    [
        (resnet, 111, r"6n \+ 2 .* 110 or 116"),
        (preact_resnet, 165, r"9n \+ 2 .* 164 or 173"),
        (wide_resnet, 27, r"6n \+ 4 .* 22 or 28"),
        (densenet, 99, r"6n \+ 4 .* 94 or 100"),
        (resnext, 30, r"9n \+ 2 .* 29 or 38"),
    ],
)
def test_depths_that_do_not_fit(build, depth, rule):
    with pytest.raises(ValueError, match=rule):
        build(depth)


def test_wide_resnet_20_is_counted_as_resnet_counts():
    assert [layer.name for layer in wide_resnet(20, 1).layers] == [
        layer.name for layer in wide_resnet(22, 1).layers
    ]
