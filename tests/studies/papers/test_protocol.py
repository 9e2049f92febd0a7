import dataclasses

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise import datasets
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.protocol import (
    add_weight_decay,
    chosen_by_validation,
    divided_by_ten,
    piecewise,
    pooled,
    standardized,
)
from keras_regnoise.studies.papers.rotationout_keep_rate import STUDY
from tests.helpers import to_numpy


@pytest.mark.parametrize("per_pixel", [False, True])
def test_standardized(per_pixel):
    data = datasets.load("digits")
    network = keras.Sequential([keras.Input(data.shape), keras.layers.Identity()])
    model = standardized(network, data, per_pixel=per_pixel)
    images = next(iter(data.batches("train", data.sizes["train"])))[0]
    x = to_numpy(model(images))
    if per_pixel:
        np.testing.assert_allclose(x.mean(0), 0.0, atol=1e-5)
        np.testing.assert_allclose(x + images.mean(0), images, atol=1e-5)
    else:
        assert abs(x.mean()) < 1e-5
        assert abs(x.std() - 1) < 1e-3


def test_pixels_are_averaged_in_squares():
    network = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Identity()])
    image = np.arange(24.0, dtype="float32").reshape(1, 4, 6, 1)
    expected = image.reshape(1, 2, 2, 3, 2, 1).mean((2, 4))
    found = to_numpy(pooled(network, (4, 6, 1), 2)(image))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("pooling", [1, 2])
def test_a_recipe_makes_images_small(pooling):
    data = datasets.load("digits")
    recipe = dataclasses.replace(STUDY.recipe("smoke"), options={"pooling": pooling})
    hp = hyperparameters(STUDY.cells("smoke")[-1])
    model = STUDY.load_model()(recipe, data).build(hp)
    side = 8 // pooling
    found = [layer for layer in model._flatten_layers() if "pooling" in layer.name]
    small = [layer.output.shape for layer in found if len(layer.output.shape) == 4]
    assert small == ([(None, side, side, 1)] if pooling > 1 else [])
    assert model(data.test.x[:2]).shape == (2, 10)


def test_the_learning_rate_drops():
    schedule = piecewise(0.1, 64_000, divided_by_ten(0.5, 0.75))
    rates = [float(to_numpy(schedule(s))) for s in (0, 32_000, 32_001, 48_001, 64_000)]
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.01, 0.001, 0.001], rtol=1e-6)


def test_weight_decay_is_that_of_torch():
    """One step without a gradient of the loss: w <- w - rate * decay * w."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    add_weight_decay(model, 0.01)
    model.compile(
        keras.optimizers.SGD(0.5, momentum=0.9), lambda y, p: keras.ops.sum(0.0 * p, -1)
    )
    before = to_numpy(model.layers[0].kernel)
    model.fit(np.ones((4, 2)), np.zeros((4, 3)), batch_size=4, verbose=0)
    after = to_numpy(model.layers[0].kernel)
    np.testing.assert_allclose(after, before * (1 - 0.5 * 0.01), rtol=1e-5)
    # The momentum acts on the decay as on any gradient.
    model.fit(np.ones((4, 2)), np.zeros((4, 3)), batch_size=4, verbose=0)
    velocity = 0.9 * -0.5 * 0.01 * before - 0.5 * 0.01 * after
    again = to_numpy(model.layers[0].kernel)
    np.testing.assert_allclose(again, after + velocity, rtol=1e-5)


def test_channels_of_bytes_are_standardized_as_floats_are():
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 5, 3), "uint8")
    images[..., 1] //= 2
    digits = datasets.load("digits")
    train = digits.train._replace(x=images)
    data = dataclasses.replace(digits, train=train, shape=(4, 5, 3))
    network = keras.Sequential([keras.Input((4, 5, 3)), keras.layers.Identity()])
    x = to_numpy(standardized(network, data)(images / np.float32(255)))
    np.testing.assert_allclose(x.mean((0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(x.std((0, 1, 2)), 1.0, atol=1e-3)


def test_the_choice_by_validation_takes_full_windows():
    history = {
        "val_accuracy": [0.9, 0.1, 0.8, 0.7, 0.2],
        "test_accuracy": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
    # Windows of two: errors 0.5, 0.55, 0.25, 0.55. The third ends at the fourth.
    assert chosen_by_validation(history, 2) == {
        "selected_val_error": pytest.approx(0.25),
        "selected_test_error": pytest.approx(0.6),
    }
    assert chosen_by_validation(history, 1)["selected_test_error"] == pytest.approx(0.9)
    # More than there are: one window, the last evaluation.
    assert chosen_by_validation(history, 9)["selected_test_error"] == pytest.approx(0.5)
    with pytest.raises(
        ValueError, match=r"must be equal\. Received: 5 and 2 evaluations"
    ):
        chosen_by_validation(history | {"test_accuracy": [0.1, 0.2]}, 2)
