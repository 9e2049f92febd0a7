"""Figure 5 of the IC layer: what stands around the convolutions of ResNet-50."""

import functools

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import Split, load
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from tests.helpers import to_numpy

STUDY = registry.find("ic-imagenet")[0]


def model_of(scale, group, arm, data):
    (cell,) = STUDY.cells(scale, [f"{group}: {arm}"], [0])
    return STUDY.load_model()(STUDY.recipe(scale), data), hyperparameters(cell)


@functools.cache
def build(arm):
    images = np.zeros((300, 32, 32, 3), "uint8")
    split = Split(images, np.arange(300) % 7)
    splits = dict.fromkeys(("train", "validation", "test"), split)
    data = from_splits("imagenet2012", splits, 7)
    model, hp = model_of("paper", "ResNet-50, ImageNet", arm, data)
    return model.build(hp)


def inner(model):
    (network,) = (x for x in model.layers if isinstance(x, keras.Model))
    return network


def following(network, layer):
    return {node.operation.name for node in layer._outbound_nodes}


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_the_ic_layer_stands_before_the_weights(rate):
    network = inner(build(f"ReLU-IC-Conv2D, {rate}"))
    layers = [x for x in network.layers if isinstance(x, krn.ICLayer)]
    assert {layer.rate for layer in layers} == {rate}
    assert all("relu" in x.input._keras_history.operation.name for x in layers)
    before = set().union(*(following(network, layer) for layer in layers))
    # Three convolutions in each of 16 units, four projections, and the pooling.
    convs = {x.name for x in network.layers if isinstance(x, keras.layers.Conv2D)}
    assert len(convs) == 1 + 3 * 16 + 4
    assert before == convs - {"stem_conv"} | {"pool"}


def test_or_normalization_and_dropout_stand_before_the_activation():
    network = inner(build("Conv2D-IC-ReLU, 0.05"))
    layers = [x for x in network.layers if isinstance(x, krn.ICLayer)]
    assert len(layers) == 1 + 3 * 16
    for layer in layers:
        assert "conv" in layer.input._keras_history.operation.name
    ends = {name for x in layers for name in following(network, x)}
    assert all("relu" in name or name.endswith("_add") for name in ends)


def test_the_baseline_is_the_same_without_dropout():
    plain, noisy = (inner(build(a)) for a in ("baseline", "Conv2D-IC-ReLU, 0.1"))
    assert {x.rate for x in plain.layers if isinstance(x, krn.ICLayer)} == {0.0}
    assert plain.count_params() == noisy.count_params()
    for one, other in zip(plain.get_weights(), noisy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_follows_the_paper():
    model = build("baseline")
    # 300 images are one step of 256; 90 epochs.
    schedule = model.optimizer._learning_rate
    assert [float(to_numpy(b)) for b in schedule.boundaries] == [30, 60]
    rates = [float(to_numpy(v)) for v in schedule.values]
    np.testing.assert_allclose(rates, [0.1, 0.01, 0.001], rtol=1e-5)
    assert STUDY.recipe("paper").batch_size == 256


def test_both_errors_of_the_figure_are_measured():
    data = load("digits", examples=100, test_examples=100)
    model, hp = model_of("smoke", "ResNet-8, digits", "ReLU-IC-Conv2D, 0.05", data)
    metrics = model.fit(hp, model.build(hp))
    assert metrics["test_error"] == pytest.approx(1 - metrics["test_accuracy"])
    assert 0 < metrics["test_accuracy"] <= metrics["test_top5_accuracy"] <= 1
