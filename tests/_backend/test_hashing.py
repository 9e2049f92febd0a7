"""What only the hashed generator promises."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import special, stats

from keras_regnoise._backend import hashing
from keras_regnoise.layers._base.fast_dropout import FastDropout
from tests._backend.independence import (
    assert_equally_frequent,
    assert_half_of_the_bits,
    assert_plausible,
)
from tests._backend.models import NOISES, inputs
from tests.helpers import to_numpy

BACKEND = keras.config.backend()
pytestmark = pytest.mark.skipif(
    BACKEND not in ("tensorflow", "jax"),
    reason=f"the backend {BACKEND} draws with a generator of its own",
)


def state(seed, step):
    return ops.convert_to_tensor(np.array([seed, step], "int32"))


def modes(function):
    """The function of tensors as each mode of the backend runs it."""
    if BACKEND == "jax":
        import jax

        return {"eager": function, "jit": jax.jit(function)}
    import tensorflow as tf

    return {
        "eager": function,
        "graph": tf.function(function, autograph=False),
        "jit": tf.function(function, autograph=False, jit_compile=True),
    }


def test_first_words():
    # The same on TensorFlow and JAX, by an independent implementation in NumPy.
    first = to_numpy(hashing.bits((3,), state(1, 0), 0)).tolist()
    assert first == [1441931971, 465763173, 3580535588]
    other = to_numpy(hashing.bits((3,), state(1, 2), 3)).tolist()
    assert other == [4068337660, 1469211206, 1608618264]


@pytest.mark.parametrize("shift", [0, 8, 16, 24])
def test_every_byte_is_uniform(shift):
    words = to_numpy(hashing.bits((2**20,), state(1, 0), 0))
    assert_equally_frequent((words >> np.uint32(shift) & 255).astype("int64"), 256)


def test_avalanche_of_the_mix():
    # Each of 32 input bits flips each of 32 output bits in half of the cases.
    words = np.random.default_rng(1).integers(0, 2**32, (1, 2**14), dtype="uint32")
    bits = np.uint32(1) << np.arange(32, dtype="uint32")[:, None]
    mixed, others = (
        to_numpy(hashing._mix(ops.convert_to_tensor(w))) for w in (words, words ^ bits)
    )
    assert_half_of_the_bits(mixed ^ others, bits=32)


def test_words_of_different_calls_repeat_by_chance():
    # Windows of one and the same sequence of 2**32 words would never repeat one, and
    # within a call that is so.
    calls, length = 64, 2**14
    words = [to_numpy(hashing.bits((length,), state(1, n), 0)) for n in range(calls)]
    assert all(len(np.unique(w)) == length for w in words)
    repeats = calls * length - len(np.unique(words))
    pairs = calls * (calls - 1) / 2 * length**2
    expected = stats.poisson(pairs / 2**32)
    assert_plausible(2 * min(expected.cdf(repeats), expected.sf(repeats - 1)))


@pytest.mark.parametrize("stream", [0, 1])
def test_keys_have_64_bits(stream):
    # A million calls of 32-bit keys would share about 120 of them; with 64 bits
    # the chance of a single one is 1e-8.
    generator = np.random.default_rng(2)
    size = 2**20
    seeds = generator.integers(0, 2**31, size)
    steps = generator.integers(0, 2**17, size)
    keys = ops.convert_to_tensor(np.stack([seeds, steps], axis=1).astype("int32"))
    words = ops.vectorized_map(lambda key: hashing.bits((2,), key, stream), keys)
    words = to_numpy(words).astype("uint64")
    assert len(np.unique(words[:, 0] << np.uint64(32) | words[:, 1])) == size


@pytest.mark.parametrize(
    ("seed", "other", "shift"), [(198926, 43655, 1), (16315, 118678, 2)]
)
def test_seeds_whose_hashes_are_neighbours(seed, other, shift):
    # Found by search: a key that adds the step to a hash of the seed and of nothing
    # else gives the first seed at step n + shift what the other has at step n.
    first, second = FastDropout(0.5, seed=seed), FastDropout(0.5, seed=other)
    x = ops.ones((512,))
    masks = [[to_numpy(f(x, training=True)) for _ in range(4)] for f in (first, second)]
    equal = np.mean(np.array(masks[0][shift:]) == np.array(masks[1][:-shift]))
    assert equal < 0.6


def test_uniform_draws_are_equal_in_every_mode():
    functions = modes(lambda seed: hashing.uniform((257, 129), seed, 1))
    values = {mode: to_numpy(f(state(3, 4))) for mode, f in functions.items()}
    for mode, value in values.items():
        assert np.array_equal(value, values["eager"]), mode


@pytest.mark.parametrize("name", NOISES)
def test_layers_draw_the_same_in_every_mode(name):
    layer, x = NOISES[name](1), inputs()
    layer.build(x.shape)
    variables = [v.value for v in layer.non_trainable_variables]

    def call(x):
        return layer.stateless_call([], variables, x, training=True)[0]

    functions = modes(call)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        # Sizes that are not known when the graph is made keep XLA away.
        unknown = tf.TensorSpec((None, None, 256))
        functions["unknown sizes"] = tf.function(call, input_signature=[unknown])
    values = {m: to_numpy(f(ops.convert_to_tensor(x))) for m, f in functions.items()}
    for mode, value in values.items():
        np.testing.assert_allclose(value, values["eager"], atol=1e-4, err_msg=mode)


def test_normal_draws_are_accurate_in_every_mode():
    # Not bitwise equal: TensorFlow and XLA compute the inverse error function each
    # its own way; XLA's is off by up to 2.2e-5 in the tails.
    seed, shape = state(3, 4), (257, 129)
    uniform = to_numpy(hashing.uniform(shape, seed, 1)).astype("float64")
    exact = special.ndtri(uniform + 2.0**-25)
    for mode, function in modes(lambda s: hashing.normal(shape, s, 1)).items():
        error = np.abs(to_numpy(function(seed)) - exact).max()
        assert error < 3e-5, (mode, error)


def test_normal_of_the_smallest_and_the_largest_uniform(monkeypatch):
    ends = np.array([0.0, 0.5, 1.0 - 2.0**-24], "float32")
    monkeypatch.setattr(hashing, "uniform", lambda *_: ops.convert_to_tensor(ends))
    exact = special.ndtri(ends.astype("float64") + 2.0**-25)
    for mode, function in modes(lambda s: hashing.normal((3,), s, 0)).items():
        error = np.abs(to_numpy(function(state(0, 0))) - exact).max()
        assert error < 3e-5, (mode, error)
