"""Draws for layers of one's own."""

import keras
import numpy as np
import pytest
from scipy import stats

import keras_regnoise as krn
from tests._backend.independence import assert_plausible, assert_unrelated
from tests.helpers import to_numpy

DRAWS = [krn.ops.random_uniform, krn.ops.random_normal]
each = pytest.mark.parametrize("draw", DRAWS)


@pytest.mark.parametrize(("draw", "law"), [(DRAWS[0], "uniform"), (DRAWS[1], "norm")])
def test_distribution(draw, law):
    values = to_numpy(draw((100, 200), seed=3))
    assert values.dtype == np.float32
    assert_plausible(stats.kstest(values.ravel(), law).pvalue)


@each
def test_every_kind_of_seed(draw):
    generator = keras.random.SeedGenerator(5)
    state = generator.state.value
    expected = to_numpy(draw((50,), seed=5))
    np.testing.assert_array_equal(to_numpy(draw((50,), seed=state)), expected)
    fresh = keras.random.SeedGenerator(5)
    np.testing.assert_array_equal(to_numpy(draw((50,), seed=fresh)), expected)
    assert np.any(to_numpy(draw((50,), seed=fresh)) != expected)  # the next step
    assert np.any(to_numpy(draw((50,))) != to_numpy(draw((50,))))


@each
def test_streams_are_independent(draw):
    assert_unrelated([to_numpy(draw((512,), seed=1, stream=i)) for i in range(4)])


def test_streams_are_not_those_of_the_pairing():
    # A pairing sorts uniform numbers of its stream; these are others.
    order = np.argsort(to_numpy(krn.ops.random_uniform((64,), seed=1, stream=1)))
    partner, _ = krn.ops.random_pairing(64, seed=1)
    mates = to_numpy(partner)[order[:32]]
    assert np.sum(mates == order[32:]) < 10


@each
def test_bad_arguments(draw):
    with pytest.raises(ValueError, match="seed"):
        draw((3,), seed=-1)
    with pytest.raises(ValueError, match="`stream` must be"):
        draw((3,), seed=1, stream=-1)


@keras.saving.register_keras_serializable(package="random_draws_tests")
class Bumps(krn.layers.NoiseLayer):
    """Adds normal noise to some of the units."""

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_noise()
        shape = keras.ops.shape(inputs)
        is_hit = krn.ops.random_uniform(shape, seed) < rate
        noise = krn.ops.random_normal(shape, seed, stream=1)
        return keras.ops.where(is_hit, inputs + noise, inputs)


def test_a_layer_of_ones_own():
    layer = Bumps(0.3, seed=1)
    x = np.zeros((100, 200), "float32")
    np.testing.assert_array_equal(to_numpy(layer(x)), x)
    first, second = (to_numpy(layer(x, training=True)) for _ in range(2))
    hits = np.sum(first != 0)
    assert_plausible(stats.binomtest(int(hits), x.size, 0.3).pvalue)
    assert_plausible(stats.kstest(first[first != 0], "norm").pvalue)
    assert np.any(first != second)


@pytest.mark.parametrize("eager", [True, False])
def test_a_layer_of_ones_own_trains_and_is_saved(eager, tmp_path):
    model = keras.Sequential(
        [keras.Input((None, 4)), Bumps(0.3, seed=1), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse", run_eagerly=eager)
    x = np.ones((8, 5, 4), "float32")
    model.fit(x, x[..., :1], batch_size=4, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].rate == 0.3
    ours, theirs = (to_numpy(m(x, training=True)) for m in (model, loaded))
    np.testing.assert_array_equal(ours, theirs)
    assert krn.placement.set_rate(loaded, 0.5) == [loaded.layers[0].name]
