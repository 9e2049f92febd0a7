"""Networks without shortcuts: convolutional, fully connected and recurrent."""

import keras
import numpy as np
import pytest

from keras_regnoise.layers import DropActivation, VarianceConstancy
from keras_regnoise.models import convnet, elu_network, lstm_ctc, mlp, regressor


def dropout():
    return keras.layers.Dropout(0.5)


def of_type(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_elu_network_sizes():
    model = elu_network(classes=100)
    convs = of_type(model, keras.layers.Conv2D)
    assert [conv.filters for conv in convs] == [
        192,
        384,
        480,
        480,
        520,
        520,
        560,
        560,
        600,
        600,
    ]
    assert [conv.kernel_size[0] for conv in convs] == [5, 1, 3, 1, 2, 1, 2, 1, 2, 1]
    assert [layer.rate for layer in of_type(model, keras.layers.Dropout)] == [
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
    ]
    assert {layer.activation for layer in of_type(model, keras.layers.Activation)} == {
        keras.activations.elu
    }
    assert model.get_layer("stack5_pool").output.shape == (None, 1, 1, 600)
    assert model.output_shape == (None, 100)


def test_elu_network_of_clevert():
    convs = of_type(elu_network(widening=1), keras.layers.Conv2D)
    assert [conv.filters for conv in convs[:3]] == [192, 192, 240]


@pytest.mark.parametrize("shape", [(64, 64, 3), (28, 28, 1), (33, 47, 3)])
def test_elu_network_of_other_sizes(shape):
    model = elu_network(("conv", "vcl", "relu"), input_shape=shape)
    assert model.output_shape == (None, 10)
    assert len(of_type(model, VarianceConstancy)) == 10


def test_elu_network_wants_a_rate_for_each_stack():
    with pytest.raises(ValueError, match="must hold 6 rates"):
        elu_network(dropout=(0.5,))


def test_elu_network_noise_in_a_chosen_stack():
    model = elu_network(
        ("noise", "conv", "relu"), noise=dropout, noise_stages=(2,), dropout=(0,) * 6
    )
    names = [layer.name for layer in of_type(model, keras.layers.Dropout)]
    assert names == ["stack2_noise1", "stack2_noise2"]


def test_convnet():
    model = convnet((4, 6, 8), hidden=5, classes=3, input_shape=(9, 9, 3))
    assert model(np.ones((2, 9, 9, 3), "float32")).shape == (2, 3)
    assert len(of_type(model, keras.layers.AveragePooling2D)) == 3
    assert len(of_type(model, keras.layers.BatchNormalization)) == 3


@pytest.mark.parametrize("depth", [4, 8, 16])
@pytest.mark.parametrize("unit", [("dense", "norm", "relu"), ("dense", "vcl", "relu")])
def test_mlp(depth, unit):
    model = mlp(depth, unit, activation="elu", classes=3, input_shape=(21,))
    dense = of_type(model, keras.layers.Dense)
    assert [layer.units for layer in dense] == [256] * depth + [3]
    kind = {"norm": keras.layers.BatchNormalization, "vcl": VarianceConstancy}[unit[1]]
    assert len(of_type(model, kind)) == depth


def test_mlp_dropout_behind_the_last_hidden_layer():
    model = mlp(
        4,
        ("dense", "relu", "noise"),
        noise=dropout,
        noise_stages=(4,),
        classes=2,
        input_shape=(5,),
    )
    (layer,) = of_type(model, keras.layers.Dropout)
    assert model.layers.index(layer) == len(model.layers) - 2


def test_mlp_with_ic_layers_has_one_before_the_classifier_too():
    model = mlp(2, ("ic", "dense", "relu"), classes=2, input_shape=(5,))
    assert model.layers[-2].name == "final_ic"


@pytest.mark.parametrize(
    "build",
    [
        lambda: mlp(0, classes=2, input_shape=(5,)),
        lambda: regressor(()),
        lambda: lstm_ctc(0),
    ],
)
def test_no_hidden_layer(build):
    with pytest.raises(ValueError, match=r"at least|1 or more"):
        build()


def test_regressor():
    model = regressor(activation=lambda: DropActivation(rate=0.05))
    assert [layer.units for layer in of_type(model, keras.layers.Dense)] == [
        1000,
        800,
        200,
        1,
    ]
    assert len(of_type(model, DropActivation)) == 3
    # No activation bounds the output.
    model.get_layer("classifier").set_weights([np.zeros((200, 1)), np.full((1,), -5.0)])
    y = keras.ops.convert_to_numpy(model(np.ones((2, 1), "float32")))
    np.testing.assert_array_equal(y, -5.0)


def test_lstm_ctc_sizes():
    model = lstm_ctc(width=8)
    assert model.input_shape == (None, None, 40)
    assert model.output_shape == (None, None, 137)
    assert len(of_type(model, keras.layers.Bidirectional)) == 4
    assert model.get_layer("layer1_lstm").output.shape == (None, None, 16)


def test_lstm_ctc_noise_between_the_layers():
    model = lstm_ctc(
        4, ("noise", "lstm"), width=3, noise=dropout, noise_stages=(2, 3, 4)
    )
    kinds = [
        "noise" if "noise" in layer.name else "lstm" for layer in model.layers[1:-1]
    ]
    assert kinds == ["lstm", "noise"] * 3 + ["lstm"]


def test_lstm_ctc_reads_both_directions():
    model = lstm_ctc(1, width=3, classes=4, input_shape=(6, 2), seed=0)
    x = np.random.default_rng(0).normal(size=(1, 6, 2)).astype("float32")
    changed = x.copy()
    changed[:, 3] += 1
    difference = np.abs(
        keras.ops.convert_to_numpy(model(x))
        - keras.ops.convert_to_numpy(model(changed))
    ).max(axis=(0, 2))
    assert (difference > 1e-5).all()
