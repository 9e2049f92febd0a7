"""The functions take what Keras calls a tensor: lists, arrays, tensors, variables."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from tests.helpers import assert_close, to_numpy

X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
MASK = np.random.default_rng(1).integers(0, 2, (4, 6)).astype("float32")
PARTNER, SIGN = [1, 0, 3, 2, 5, 4], [1.0, -1.0] * 3
FUNCTIONS = {
    "rotate": lambda make: krn.ops.rotate(
        make(X), make(PARTNER), make(SIGN), make(X[:, :1]), make(X[0])
    ),
    "rotate_about_the_origin": lambda make: krn.ops.rotate(make(X), PARTNER, SIGN, 0.5),
    "centered_dropout": lambda make: krn.ops.centered_dropout(make(X), make(MASK)),
    "drop_activation": lambda make: krn.ops.drop_activation(
        make(X), make(MASK), keras.activations.relu
    ),
    "leave_one_out": lambda make: (
        krn.ops.leave_one_out_moments(make(X), make(MASK[:, :1])).mean
    ),
    "variance_constancy": lambda make: krn.ops.variance_constancy_loss(
        make(X), make(np.float32(1.0))
    ),
    "tangents": lambda make: krn.ops.sample_tangents(
        (3,), make(np.float32(0.2)), "uniform", seed=1
    ),
}


def tensorflow_variable(value):
    import tensorflow as tf

    return tf.Variable(value)


MAKERS = {
    "list": lambda value: np.asarray(value).tolist(),
    "tensor": ops.convert_to_tensor,
    "keras_variable": lambda value: keras.Variable(
        value, dtype="int32" if value is PARTNER else "float32", trainable=False
    ),
    "tensorflow_variable": tensorflow_variable,
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_taken_for_a_tensor(function, kind):
    if kind == "tensorflow_variable" and keras.config.backend() != "tensorflow":
        pytest.skip("a variable of TensorFlow")
    expected = to_numpy(FUNCTIONS[function](np.asarray))
    assert_close(FUNCTIONS[function](MAKERS[kind]), expected, 1e-6)


@pytest.mark.parametrize("width", [6, 7])
def test_a_pairing_per_sample_of_an_empty_batch(width):
    x = np.zeros((0, width), "float32")
    y = krn.RotationOut(0.3, permutation="sample")(x, training=True)
    assert tuple(y.shape) == (0, width)


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_pairing_per_sample_of_an_empty_batch_of_any_size(jit_compile):
    import tensorflow as tf

    layer = krn.RotationOut(0.3, permutation="sample")
    layer.build((None, 6))

    @tf.function(input_signature=[tf.TensorSpec((None, 6))], jit_compile=jit_compile)
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return y, tape.gradient(y, x)

    for size in (0, 1, 3):
        y, gradient = step(tf.ones((size, 6)))
        assert y.shape == gradient.shape == (size, 6)
        assert np.isfinite(y).all()
