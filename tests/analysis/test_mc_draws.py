"""Noise that is on is drawn, from the seed, and leaves no trace."""

import random

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_regnoise.analysis import activations, coadaptation_by_layer, mc_predict
from keras_regnoise.layers import DropConnect, ICLayer, RotationOut
from tests.analysis.models import assert_same_state, flat, inputs, state

X = inputs(8)


class Guarded(keras.Model):
    """Calls its noise under `if training:` only; `always` is noise that it calls."""

    def __init__(self, always=None):
        super().__init__()
        self.dropout, self.out = (
            layers.Dropout(0.5, name="guarded"),
            layers.Dense(2, name="out"),
        )
        self.norm, self.always = layers.BatchNormalization(), always

    def call(self, x, training=False):
        x = self.norm(x, training=training)
        if training:
            x = self.dropout(x, training=training)
        if self.always is not None:
            x = self.always(x, training=training)
        return self.out(x)


def guarded(always=None):
    model = Guarded(always)
    model(X)
    return model


def test_noise_that_is_never_called_is_an_error():
    with pytest.raises(ValueError, match=r"no noise.*: guarded.*also=Guarded"):
        mc_predict(guarded(), X, 3)
    with pytest.raises(ValueError, match=r"no noise.*: guarded"):
        list(activations(guarded(), X, "out", noise=True))
    with pytest.raises(ValueError, match=r"no noise.*: guarded"):
        coadaptation_by_layer(guarded(), X, noise=True)


def test_noise_that_is_partly_called_is_told():
    model = guarded(layers.GaussianNoise(1.0, name="called"))
    with pytest.warns(UserWarning, match=r"part of the noise.*: guarded\."):
        assert (mc_predict(model, X, 3).std > 0).all()


def test_a_model_that_calls_its_noise_in_training_only_runs_in_training():
    model = guarded()
    before = state(model)
    first, again, other = (
        mc_predict(model, X, 400, also=Guarded, seed=seed) for seed in (1, 1, 2)
    )
    assert_same_state(before, state(model))
    np.testing.assert_array_equal(first.mean, again.mean)
    assert (first.mean != other.mean).any()
    # BatchNormalization stays in inference: the mean is the prediction without noise.
    z = (first.mean - model.predict(X, verbose=0)) / (first.std / 20.0)
    assert np.sqrt((z**2).mean()) < 2.0  # of 16 correlated values, 1 expected


class FixedSeed(layers.Layer):
    def call(self, x, training=False):
        return x + keras.random.normal(ops.shape(x), seed=7) if training else x


class NoArgument(layers.Layer):
    """Noise that cannot be switched on from outside."""

    def call(self, x):
        return x


@pytest.mark.parametrize("kind", [FixedSeed, NoArgument])
def test_the_same_draw_every_time_is_an_error(kind):
    model = flat(kind(name="noisy"))
    with pytest.raises(ValueError, match=r"Nothing was drawn.*: noisy\."):
        mc_predict(model, X, 3, also=kind)


@pytest.mark.parametrize("noise", [layers.Dropout(0.0), layers.GaussianNoise(0.0)])
def test_a_rate_of_zero_is_no_error(noise):
    assert (mc_predict(flat(noise), X, 3).std == 0).all()


def test_inputs_without_any_spread_are_no_error():
    # Dropout of zeros is zeros: drawn, and of no effect.
    model = keras.Sequential([keras.Input((6,)), layers.Dropout(0.5)])
    assert (mc_predict(model, np.zeros((4, 6)), 3).std == 0).all()


class Unseeded(layers.Layer):
    """Draws from the generator that Keras uses where no seed is given."""

    def call(self, x, training=False):
        return x + keras.random.normal(ops.shape(x)) if training else x


class Held(layers.Layer):
    """Generators in a list and a dict."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.listed = [keras.random.SeedGenerator(1)]
        self.named = {"a": [keras.random.SeedGenerator(2)]}

    def call(self, x, training=False):
        if not training:
            return x
        for generator in (self.listed[0], self.named["a"][0]):
            x = x + keras.random.normal(ops.shape(x), seed=generator)
        return x


class HeldLayers(layers.Layer):
    """Layers in a list and a dict."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dropout(0.3), {"a": layers.GaussianDropout(0.3)}]

    def call(self, x, training=False):
        return self.blocks[1]["a"](self.blocks[0](x, training=training))


def sequence(*middle):
    return keras.Sequential([keras.Input((4, 6)), *middle])


SEQUENCES = np.random.default_rng(0).normal(size=(5, 4, 6)).astype("float32")
SOURCES = {
    "Dropout": lambda: (flat(layers.Dropout(0.3)), ()),
    "seeded Dropout": lambda: (flat(layers.Dropout(0.3, seed=3)), ()),
    "RotationOut": lambda: (flat(RotationOut(0.3)), ()),
    "ICLayer": lambda: (flat(ICLayer(0.3)), ()),
    "DropConnect": lambda: (flat(DropConnect(layers.Dense(8), 0.3)), ()),
    "held generators": lambda: (flat(Held()), Held),
    "held layers": lambda: (flat(HeldLayers()), ()),
    "LSTM": lambda: (sequence(layers.LSTM(3, dropout=0.5)), layers.LSTM),
    "GRU, recurrent": lambda: (
        sequence(layers.GRU(3, recurrent_dropout=0.5)),
        layers.GRU,
    ),
    "its cell": lambda: (
        sequence(layers.RNN(layers.LSTMCell(3, dropout=0.5))),
        layers.RNN,
    ),
    "stacked cells": lambda: (
        sequence(layers.RNN([layers.GRUCell(3, dropout=0.5), layers.GRUCell(2)])),
        layers.RNN,
    ),
    "Bidirectional": lambda: (
        sequence(layers.Bidirectional(layers.LSTM(3, dropout=0.5))),
        layers.LSTM,
    ),
    "TimeDistributed": lambda: (
        sequence(layers.TimeDistributed(layers.Dropout(0.5))),
        (),
    ),
}
if keras.config.backend() != "jax":  # which refuses it
    SOURCES["unseeded"] = lambda: (flat(Unseeded()), Unseeded)


@pytest.mark.parametrize("source", SOURCES)
def test_the_seed_governs_every_generator_and_no_state_moves(source):
    model, also = SOURCES[source]()
    x = SEQUENCES if model.inputs[0].shape == (None, 4, 6) else X
    before, randomness = state(model)[0], global_states()
    first, again, other = (
        mc_predict(model, x, 3, also=also, seed=seed, keep_samples=True).samples
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()
    for ours, theirs in zip(before, state(model)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(randomness, global_states(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def global_states():
    """The random states of Python, of NumPy, and of what Keras and torch draw from."""
    states = [str(random.getstate()), np.random.get_state()[1]]
    if keras.config.backend() == "torch":
        import torch

        states.append(torch.get_rng_state().numpy())
    generator = keras.src.backend.common.global_state.get_global_attribute(
        "global_seed_generator"
    )
    if generator is not None:
        states.append(ops.convert_to_numpy(generator.state.value))
    return states


def test_keras_own_generator_goes_on_where_it_was():
    keras.utils.set_random_seed(3)
    keras.random.normal((2,))
    expected = ops.convert_to_numpy(keras.random.normal((2,)))
    keras.utils.set_random_seed(3)
    keras.random.normal((2,))
    mc_predict(flat(layers.Dropout(0.3)), X, 3, seed=0)
    found = ops.convert_to_numpy(keras.random.normal((2,)))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("also", ["LSTM", layers.LSTM(3), (layers.LSTM, "GRU")])
def test_also_is_of_classes(also):
    with pytest.raises(ValueError, match=r"layer class or a tuple.*Received: also="):
        mc_predict(flat(layers.Dropout(0.3)), X, 3, also=also)
