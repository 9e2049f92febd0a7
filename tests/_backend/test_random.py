"""The draws of every backend, tested as those of a random generator."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_regnoise import _backend
from keras_regnoise.layers._base.fast_dropout import FastDropout
from tests._backend.independence import (
    assert_equally_frequent,
    assert_half_of_the_bits,
    assert_independent,
    assert_plausible,
    assert_unrelated,
)
from tests._backend.models import NOISES, inputs
from tests.helpers import assert_within_standard_errors, to_numpy

_draw = _backend.compiled(
    lambda seed, kind, shape, stream: getattr(_backend, kind)(shape, seed, stream)
)


def draw(shape, seed=1, step=0, stream=0, kind="uniform"):
    state = ops.convert_to_tensor(np.array([seed, step], "int32"))
    return to_numpy(_draw(state, kind=kind, shape=shape, stream=stream))


def high_bits(uniform):
    return np.floor(uniform * 16).astype("int64")


def low_bits(uniform):
    return np.floor(uniform * 2**24).astype("int64") % 16


def noise(layer, steps):
    """The noise of the first sample in `steps` training calls, 256 values each."""
    x = inputs()
    return [(to_numpy(layer(x, training=True)) - x)[0, 0] for _ in range(steps)]


# The distribution


@pytest.mark.parametrize("rate", [1e-6, 1e-4, 0.01, 0.3, 0.5, 0.95, 0.9999])
def test_rate(rate):
    dropped = draw((2**22,)) < np.float32(rate)
    test = stats.binomtest(int(dropped.sum()), dropped.size, rate)
    assert_plausible(test.pvalue)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("rate", [0.001, 0.3, 0.999])
def test_rate_of_a_layer_is_exact_in_every_dtype(rate, dtype):
    # A draw in half precision would round 0.001 to 0.002 or 0.008.
    x = ops.ones((2**20,), dtype)
    y = to_numpy(
        ops.cast(FastDropout(rate, seed=1, dtype=dtype)(x, training=True), "float32")
    )
    assert_plausible(stats.binomtest(int((y == 0).sum()), y.size, rate).pvalue)


@pytest.mark.parametrize("shift", [0, 8, 16])
def test_every_byte_of_a_uniform_draw_is_uniform(shift):
    words = draw((2**20,)).astype("float64") * 2**24
    assert (words == np.floor(words)).all()
    assert_equally_frequent(words.astype("int64") >> shift & 255, 256)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
@pytest.mark.parametrize("shape", [(200_000,), (2000, 100), (50_000, 4)])
def test_law(shape, kind):
    distribution = {"uniform": stats.uniform, "normal": stats.norm}[kind]
    values = draw(shape, seed=2, kind=kind)
    assert values.shape == shape
    assert values.dtype == np.float32
    assert_plausible(stats.kstest(values.ravel(), distribution.cdf).pvalue)


def test_law_of_many_small_draws():
    # Generators that are seeded for each call can fail here and pass everywhere else.
    first = [draw((8,), seed, step) for seed in range(40) for step in range(100)]
    first = np.stack(first)
    for i in range(8):
        assert_plausible(stats.kstest(first[:, i], stats.uniform.cdf).pvalue)


def test_normal_moments():
    z = draw((2**22,), kind="normal").astype("float64")
    # Standard errors of the first four moments of n normal numbers.
    errors = np.sqrt(np.array([1.0, 2.0, 15.0, 96.0]) / z.size)
    moments = [np.mean(z**k) for k in (1, 2, 3, 4)]
    assert_within_standard_errors(moments, errors, [0.0, 1.0, 0.0, 3.0])


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_normal_tails(side):
    z = draw((2**22,), kind="normal")
    beyond = int((side * z > 4.0).sum())
    assert_plausible(stats.binomtest(beyond, z.size, stats.norm.sf(4.0)).pvalue)


# Independence


@pytest.mark.parametrize("bits", [high_bits, low_bits])
@pytest.mark.parametrize("axis", range(4))
def test_neighbours_along_an_axis(axis, bits):
    values = np.moveaxis(bits(draw((32, 16, 16, 64), seed=3)), axis, 0)
    assert_independent(values[:-1], values[1:])


@pytest.mark.parametrize("bits", [high_bits, low_bits])
@pytest.mark.parametrize("lag", [1, 2, 3, 5, 8, 16, 100, 256, 1000, 4096, 65536])
def test_lags_within_a_call(lag, bits):
    values = bits(draw((2**19,), seed=4))
    assert_independent(values[:-lag], values[lag:])


@pytest.mark.parametrize("bits", [high_bits, low_bits])
@pytest.mark.parametrize(
    "key", [lambda i: (1, i), lambda i: (i, 1), lambda i: (1000 + i, 1000 - i)]
)
def test_one_unit_over_neighbouring_steps_and_seeds(key, bits):
    values = bits(np.stack([draw((128,), *key(i)) for i in range(1000)]))
    for lag in (1, 2, 3):
        assert_independent(values[:-lag], values[lag:])
    for i in range(0, 128, 16):
        assert_equally_frequent(values[:, i], 16)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_channels(kind):
    assert_unrelated(draw((64, 8, 8, 32), kind=kind).reshape(-1, 32).T)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_calls_seeds_and_streams(kind):
    rows = [
        draw((2048,), seed, step, stream, kind)
        for seed in (1, 2, 3)
        for step in range(6)
        for stream in range(4)
    ]
    assert_unrelated(rows)


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("seeds", [(1, 2, 3), (None, None, None)])
def test_layers_of_different_seeds(seeds, name):
    # Keras on torch repeats the noise of seed 1, one step later, for seed 2.
    assert_unrelated(np.concatenate([noise(NOISES[name](s), 8) for s in seeds]))


def test_no_draw_comes_twice():
    # The chance that two of 4000 keys meet in 32 bits is 0.2 %.
    draws = {draw((4,), seed, n).tobytes() for seed in range(80) for n in range(50)}
    assert len(draws) == 4000


@pytest.mark.parametrize("position", [0, 1])
def test_every_bit_of_seed_and_step_changes_half_of_the_bits(position):
    key = [123_456_789, 87_654_321]
    keys = [list(key) for _ in range(32)]
    for bit in range(31):
        keys[bit][position] ^= 1 << bit
    words = np.stack([draw((4096,), *k) * 2**24 for k in keys]).astype("int64")
    assert_half_of_the_bits(words[:-1] ^ words[-1], bits=24)


# Reproducibility


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_draw_depends_on_seed_step_and_stream_alone(kind):
    # 2**31 - 1 is the largest seed that every backend takes.
    for key in [(0, 0, 0), (1, 2, 3), (2**31 - 1, 10**9, 4)]:
        first = draw((100,), *key, kind=kind)
        keras.random.normal((3,))
        assert (draw((100,), *key, kind=kind) == first).all()


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1)])
def test_shapes_of_a_few_elements(shape):
    for kind in ("uniform", "normal"):
        assert draw(shape, kind=kind).shape == shape


@pytest.mark.parametrize("name", NOISES)
def test_layers_of_one_seed_are_equal(name):
    first, second = (noise(NOISES[name](5), 3) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_noise_continues_after_saving(tmp_path, suffix):
    def build():
        return keras.Sequential([keras.Input((1, 256)), FastDropout(0.5, seed=1)])

    model, path = build(), str(tmp_path / f"model{suffix}")
    noise(model, 3)
    if suffix == ".keras":
        model.save(path)
        loaded = keras.saving.load_model(path)
    else:
        model.save_weights(path)
        loaded = build()
        loaded.load_weights(path)
    assert np.array_equal(noise(loaded, 2), noise(model, 2))
