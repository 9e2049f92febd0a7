"""How often a layer is traced and compiled by TensorFlow."""

import logging

import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn

pytestmark = pytest.mark.tensorflow

SHAPES = [(2, side, side, dim) for side in (1, 2, 3) for dim in (3, 4, 6, 7)]
LAYERS = [
    lambda: krn.SpatialRotationOut(0.2),
    lambda: krn.SpatialRotationOut(0.2, block_size=2),
    lambda: krn.RotationOut(0.2),
    lambda: krn.RotationOut(0.2, permutation="sample"),
    lambda: krn.CenteredDropout(0.2),
    lambda: krn.DropActivation("relu", 0.2),
]


@pytest.mark.parametrize("make", LAYERS)
def test_many_layers_and_shapes_give_no_warning_of_retracing(make, caplog):
    with caplog.at_level(logging.WARNING):
        for shape in SHAPES:
            make()(ops.ones(shape), training=True)
    assert "retracing" not in caplog.text


@pytest.mark.parametrize(("make", "functions"), [(LAYERS[0], 2), (LAYERS[1], 3)])
def test_what_is_small_is_traced_once_for_all_shapes(make, functions):
    """The draws, the blocks and the rotation."""
    import tensorflow as tf

    shapes = SHAPES[4:]  # of several pixels
    layers = [make() for _ in shapes]

    @tf.function
    def step(*inputs):
        return [f(x, training=True) for f, x in zip(layers, inputs, strict=True)]

    graph = step.get_concrete_function(*(ops.ones(shape) for shape in shapes)).graph
    assert len(graph.as_graph_def().library.function) == functions


@pytest.mark.parametrize("dim", [2, 3, 8, 9])
def test_large_and_small_inputs_are_rotated_alike(dim, monkeypatch):
    """The one by XLA, the other by plain operations."""
    from keras_regnoise._backend import _tensorflow_programs as programs

    x = np.random.default_rng(0).normal(size=(4, 3, 5, dim)).astype("float32")
    outputs = []
    for large in (0, 10**9):
        monkeypatch.setattr(programs, "_LARGE", large)
        layer = krn.SpatialRotationOut(0.3, seed=1)
        outputs.append(_with_gradient(layer, x))
    for by_xla, plain in zip(*outputs, strict=True):
        np.testing.assert_allclose(by_xla, plain, rtol=1e-5, atol=1e-5)
    assert not np.allclose(outputs[0][0], x)


def _with_gradient(layer, x):
    import tensorflow as tf

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
        loss = tf.reduce_sum(y**2)
    return y.numpy(), tape.gradient(loss, x).numpy()
