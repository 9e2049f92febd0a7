import keras
import pytest
from keras import layers

import keras_regnoise as krn
from keras_regnoise._keras.kinds import (
    is_activation,
    is_activation_layer,
    is_weight_layer,
    noise_layers,
)


class Own(layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 2))


class Holder(layers.Layer):
    def __init__(self, *held, **kwargs):
        super().__init__(**kwargs)
        self.held = list(held)


def built(layer, *shape):
    layer.build((None, *shape))
    return layer


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2),
        layers.SeparableConv2D(2, 3),
        layers.LSTM(2),
        layers.Bidirectional(layers.GRU(2)),
        layers.MultiHeadAttention(2, 2),
        layers.TimeDistributed(layers.Dense(2)),
        layers.SpectralNormalization(layers.Conv2D(2, 3)),
        krn.WeightNoise(layers.LSTM(2), rate=0.1),
        layers.TimeDistributed(krn.DropConnect(layers.Dense(2))),
        built(Own(), 3),
        Holder(layers.Dense(2)),
        Holder(layers.Dropout(0.1), Holder(layers.GRU(2)), name="deep"),
        keras.Sequential([layers.Flatten(), layers.Dense(2)]),
        layers.TimeDistributed(keras.Sequential([layers.Conv2D(2, 3)]), name="cnn"),
        layers.TimeDistributed(Holder(krn.WeightNoise(layers.Dense(2), rate=0.1))),
    ],
    ids=lambda layer: layer.name,
)
def test_weight_layers(layer):
    assert is_weight_layer(layer)


@pytest.mark.parametrize(
    "layer",
    [
        layers.DepthwiseConv2D(3),
        built(layers.DepthwiseConv2D(3), 8, 8, 2),
        layers.Embedding(3, 2),
        layers.BatchNormalization(),
        layers.TimeDistributed(layers.Dropout(0.1)),
        layers.TimeDistributed(keras.Sequential([layers.DepthwiseConv2D(3)])),
        Holder(built(layers.PReLU(), 3, 4), layers.BatchNormalization()),
        Holder(layers.Embedding(3, 2), layers.Normalization(), name="embedding_in"),
        krn.ICLayer(0.1),
        krn.RotationOut(0.1),
        layers.ReLU(),
    ],
    ids=lambda layer: layer.name,
)
def test_no_weight_layers(layer):
    assert not is_weight_layer(layer)


def operation(function):
    return function(keras.Input((2,)))._keras_history.operation


@pytest.mark.parametrize(
    ("layer", "alone"),
    [
        (layers.ReLU(), True),
        (layers.PReLU(), True),
        (layers.Activation("gelu"), True),
        (krn.DropActivation("relu", 0.1), True),
        (krn.RandomizedLeakyReLU(), True),
        (operation(keras.ops.relu6), True),
        (operation(keras.activations.silu), True),
        (layers.Dense(2, "relu"), False),
        (layers.Conv2D(2, 3, activation=lambda x: x * x), False),
    ],
)
def test_activations(layer, alone):
    assert is_activation(layer)
    assert is_activation_layer(layer) == alone


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2),
        layers.Dense(2, "softmax"),
        layers.Dense(2, "log_softmax"),
        layers.Softmax(),
        layers.Activation("softmax"),
        layers.LSTM(2),
        layers.Dropout(0.1),
        krn.RotationOut(0.1),
        operation(keras.ops.exp),
    ],
)
def test_no_hidden_activations(layer):
    assert not is_activation(layer)


def test_noise_layers_are_found_at_any_depth():
    class Mine(layers.Layer):
        pass

    inner = keras.Sequential([krn.RotationOut(0.1, name="a"), layers.Dense(2)])
    model = keras.Sequential(
        [
            inner,
            layers.SpatialDropout1D(0.1, name="b"),
            krn.ICLayer(noise=Mine(name="c"), name="ic"),
            layers.TimeDistributed(layers.GaussianNoise(0.1, name="d")),
            krn.WeightNoise(layers.Dense(2), rate=0.1, name="e"),
            layers.BatchNormalization(),
            Mine(name="f"),
        ]
    )
    assert {layer.name for layer in noise_layers(model)} == set("abcde")
    assert {layer.name for layer in noise_layers(model, (Mine,))} == set("abcdef")
