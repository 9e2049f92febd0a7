"""A draw that XLA does not compute again in every loop that reads it."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from keras_regnoise import _backend


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_it_is_the_same_draw(dtype):
    draw = np.array([-3.7, -1.0, 0.0, 0.3, 4097.0, 2**24 - 1]).astype(dtype)
    found = _backend.once(ops.convert_to_tensor(draw))
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(found), draw)


@pytest.mark.skipif(keras.config.backend() != "jax", reason="reads JAX's programs")
@pytest.mark.parametrize("layer", [krn.RotationOut, krn.SpatialRotationOut])
def test_the_inverse_error_function_is_in_one_loop_of_a_training_step(layer):
    import jax

    noise = layer(0.2, seed=1)
    x = np.ones((4, 6, 6, 32), "float32")
    noise(x)
    states = [v.value for v in noise.variables]

    def loss(x):
        y, _ = noise.stateless_call([], states, x, training=True)
        return (y * y).sum()

    program = jax.jit(jax.value_and_grad(loss)).lower(x).compile().as_text()
    loops = program.split("\n\n")
    # A coefficient of the series, which XLA's own expansion consists of.
    with_it = [loop for loop in loops if "0.246640727" in loop]
    assert len(with_it) == 1
