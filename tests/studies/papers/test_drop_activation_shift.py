"""Figures 4 and 6 of Drop-Activation: the shift of a variance, and where Dropout is."""

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import load
from keras_regnoise.studies import Fit, registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.models.drop_activation_shift import (
    second_stage,
    shift_ratio,
)
from tests.helpers import to_numpy

STUDY = registry.find("drop-activation-shift")[0]


@pytest.fixture(scope="module")
def digits():
    return load("digits", examples=100, test_examples=100)


def model_of(arm, data):
    (cell,) = STUDY.cells("smoke", [f"ResNet-8, digits: {arm}"], [0])
    model = STUDY.load_model()(STUDY.recipe("smoke"), data)
    return model, hyperparameters(cell)


def inner(model):
    (network,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return network


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_ratio_of_dropout_is_its_keep_rate(rate):
    # Of inputs of mean 0: E x^2 over E x^2 / (1 - rate).
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Dropout(rate, seed=1, name="noise")]
    )
    batches = np.random.default_rng(0).normal(size=(5, 100, 4, 4, 3)).astype("float32")
    count = batches.size
    # The variance of a mean of squares; the kurtosis with noise is 3 / (1 - rate).
    error = np.sqrt((3 / (1 - rate) - 1) / count) * (1 - rate)
    found = shift_ratio(model, list(batches), "noise")
    assert abs(found - (1 - rate)) < 5 * error


def test_the_ratio_of_drop_activation_is_that_of_property_5_2():
    p, width = 0.95, 64
    model = keras.Sequential(
        [keras.Input((width,)), krn.DropActivation(rate=1 - p, seed=1, name="noise")]
    )
    batches = np.random.default_rng(0).normal(size=(20, 500, width)).astype("float32")
    noisy = 1 - p / 2 - p**2 / (2 * np.pi)
    expected = ((0.5 - 1 / (2 * np.pi)) * p**2 - p + 1) / noisy
    found = shift_ratio(model, list(batches), "noise")
    # A variance of `count` draws, of a kurtosis below 6, has a relative error of
    # sqrt(5 / count).
    assert abs(found - expected) < 5 * np.sqrt(5 / batches.size)


def test_a_look_leaves_the_network_as_it_was(digits):
    model, hp = model_of("DropAct", digits)
    network = model.build(hp)
    before = [to_numpy(v) for v in network.variables]
    x = digits.train.x[:50].astype("float32") / 255
    name = second_stage(network)
    assert name == "stage2_unit1_relu2"
    first = shift_ratio(network, [x], name)
    assert first == shift_ratio(network, [x], name)
    assert np.isfinite(first)
    assert first != 1
    for old, variable in zip(before, network.variables, strict=True):
        np.testing.assert_array_equal(old, to_numpy(variable))


def test_dropout_stands_before_the_last_convolution_of_a_unit(digits):
    model, hp = model_of("Dropout 0.5", digits)
    network = inner(model.build(hp))
    found = [x for x in network.layers if isinstance(x, keras.layers.Dropout)]
    behind = [x._outbound_nodes[0].operation.name for x in found]
    assert behind == [f"stage{stage}_unit1_conv2" for stage in (1, 2, 3)]
    assert {layer.rate for layer in found} == {0.5}
    assert len({layer.seed for layer in found}) == 3


def test_it_measures_what_the_figures_show(digits):
    model, hp = model_of("DropAct", digits)
    network = model.build(hp)
    curves = {}

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            for name, value in logs.items():
                curves.setdefault(name, []).append(value)

    metrics = model.fit(hp, network, Fit((Keep(),), history=curves))
    wanted = {"shift_ratio", "accuracy", "test_accuracy"}
    assert {len(curves[name]) for name in wanted} == {STUDY.recipe("smoke").epochs}
    assert metrics["shift_ratio"] == curves["shift_ratio"][-1]
    assert metrics["train_error"] == pytest.approx(1 - metrics["train_accuracy"])
    assert {claim.metric for claim in STUDY.claims} <= set(metrics)
