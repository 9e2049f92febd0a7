"""What the wrappers can be put round, and what they say of the rest."""

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.helpers import assert_close, to_numpy


@keras.saving.register_keras_serializable(package="tests")
class Negated(keras.layers.Dense):
    """A subclass whose own work must never be left out."""

    def call(self, inputs, training=None):
        return -super().call(inputs, training=training)


@keras.saving.register_keras_serializable(package="tests")
class SelfAttention(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.attention = keras.layers.MultiHeadAttention(2, 2)

    def build(self, input_shape):
        self.attention.build(input_shape, input_shape)

    def call(self, x):
        return self.attention(x, x)


def test_the_call_of_a_subclass_of_dense_is_never_left_out():
    x = np.ones((4, 6), "float32")
    layer = krn.DropConnect(Negated(3, kernel_initializer="ones"), 0.3, per="batch")
    for training in (False, True):
        y = to_numpy(layer(x, training=training))
        assert (y <= 0.0).all()
        assert y.min() < -1.0
    noise = krn.WeightNoise(Negated(3, kernel_initializer="ones"), stddev=0.1)
    assert (to_numpy(noise(x, training=True)) < 0.0).all()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda layer: krn.WeightNoise(layer, stddev=0.1, trainable=False),
        lambda layer: krn.DropConnect(layer, 0.3, trainable=False),
    ],
)
def test_a_wrapper_that_is_made_frozen_is_not_trained(wrap):
    model = keras.Sequential([keras.Input((4,)), wrap(keras.layers.Dense(2))])
    assert not model.trainable_variables
    assert not keras.models.clone_model(model).trainable_variables
    assert not type(model).from_config(model.get_config()).trainable_variables
    model.layers[0].trainable = True
    assert len(model.trainable_variables) == 2
    assert len(keras.models.clone_model(model).trainable_variables) == 2


@pytest.mark.parametrize(
    "options", [{}, {"per": "sample"}, {"per": "batch", "inference": "gaussian"}]
)
def test_a_subclass_is_refused_where_its_call_would_be_left_out(options):
    with pytest.raises(ValueError, match=r"would be left out. Use per='batch' and inf"):
        krn.DropConnect(Negated(3), 0.3, **options)


def test_a_subclass_of_a_convolution():
    class Mine(keras.layers.Conv2D):
        pass

    krn.DropConnect(Mine(2, 3), 0.3, per="batch")
    with pytest.raises(ValueError, match=r"in its own call\(\) would be left out"):
        krn.DropConnect(Mine(2, 3), 0.3, per="batch", inference="gaussian")


def test_bidirectional():
    x = np.ones((2, 3, 4), "float32")
    with pytest.raises(ValueError, match=r"WeightNoise\(keras.layers.Bidirectional\("):
        keras.layers.Bidirectional(krn.WeightNoise(keras.layers.LSTM(4), rate=0.2))
    wrapped = keras.layers.Bidirectional(keras.layers.LSTM(4))
    layer = krn.WeightNoise(wrapped, rate=0.5, weights=("recurrent_kernel",), seed=1)
    quiet = to_numpy(layer(x))
    assert quiet.shape == (2, 8)
    changed = (to_numpy(layer(x, training=True)) != quiet).reshape(2, 2, 4)
    assert changed.any(axis=(0, 2)).all()  # both directions


@pytest.mark.parametrize("cell", [keras.layers.LSTMCell, keras.layers.GRUCell])
def test_cells(cell):
    with pytest.raises(
        ValueError, match=r"WeightNoise\(keras.layers.RNN\(cell\), ...\)"
    ):
        krn.WeightNoise(cell(4), rate=0.2)
    x = np.ones((2, 3, 4), "float32")
    layer = krn.WeightNoise(keras.layers.RNN(cell(4)), rate=0.5, seed=1)
    assert (to_numpy(layer(x, training=True)) != to_numpy(layer(x))).any()


def test_layers_of_several_inputs():
    attention = keras.layers.MultiHeadAttention(2, 2)
    with pytest.raises(
        ValueError, match=r"MultiHeadAttention needs query, value\. Wrap"
    ):
        krn.WeightNoise(attention, stddev=0.1)
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    layer = krn.WeightNoise(SelfAttention(), stddev=0.1, seed=1)
    assert (to_numpy(layer(x, training=True)) != to_numpy(layer(x))).any()


WRAPPERS = {
    "per_sample": lambda layer: krn.DropConnect(layer, 0.3),
    "per_batch": lambda layer: krn.DropConnect(layer, 0.3, per="batch"),
    "gaussian": lambda layer: krn.DropConnect(layer, 0.3, inference="gaussian"),
    "noise": lambda layer: krn.WeightNoise(layer, stddev=0.1),
    "weight_drop": lambda layer: krn.WeightNoise(layer, rate=0.3),
}


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize`")
@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_noise_on_quantized_weights_is_refused(wrapper, mode):
    inner = keras.layers.Dense(4)
    model = keras.Sequential([keras.Input((8,)), WRAPPERS[wrapper](inner)])
    clean = krn.placement.strip(model)
    x = np.random.default_rng(0).normal(size=(2, 8)).astype("float32")
    model.quantize(mode)
    message = r"floating-point weights.*strip\(model\), then quantize"
    with pytest.raises(ValueError, match=message):
        model(x, training=True)
    if wrapper == "gaussian":
        for use in (model, krn.placement.strip):
            with pytest.raises(ValueError, match=message):
                use(model if use is krn.placement.strip else x)
    else:
        assert (to_numpy(model(x)) == to_numpy(inner(x))).all()
    expected = to_numpy(clean(x))
    clean.quantize(mode)
    assert_close(clean(x), expected, {"int8": 0.02, "int4": 0.3}[mode])


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize`")
def test_float8_is_refused_where_the_call_of_the_layer_is_left_out():
    model = keras.Sequential(
        [keras.Input((8,)), krn.DropConnect(keras.layers.Dense(4))]
    )
    model.quantize("float8")
    with pytest.raises(ValueError, match="a Dense layer quantized to 'float8'"):
        model(np.ones((2, 8), "float32"), training=True)
