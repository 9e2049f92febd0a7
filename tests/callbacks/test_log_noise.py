"""What the noise of every layer is, in the logs."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")


def fit(model, epochs=2, callbacks=()):
    model.compile("sgd", "mse")
    logged = [*callbacks, krn.callbacks.LogNoise()]
    options = {"epochs": epochs, "verbose": 0, "callbacks": logged, "batch_size": 4}
    return model.fit(X, X[:, :1], **options).history


def test_every_kind_of_noise_wherever_it_stands():
    inner = keras.Sequential(
        [keras.Input((4,)), krn.CenteredDropout(0.1, name="deep")], name="inner"
    )
    rising = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 0.8)
    weight_noise = krn.WeightNoise(layers.Dense(4), rate=rising, name="weights")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            inner,
            krn.ICLayer(0.2, name="ic"),
            krn.UniformNoise(0.5, name="uniform"),
            weight_noise,
            krn.WeightNoise(layers.Dense(4), stddev=0.3, name="gaussian"),
            layers.GaussianNoise(0.6, name="keras_gaussian"),
            layers.Dense(1),
        ]
    )
    history = fit(model)
    found = {key: values for key, values in history.items() if "/" in key}
    noise = next(key for key in found if key.startswith("rate/ic/"))
    assert found == {
        "rate/inner/deep": [0.1, 0.1],
        noise: [0.2, 0.2],
        "scale/uniform": [0.5, 0.5],
        "rate/weights": pytest.approx([0.4, 0.8]),
        "stddev/gaussian": [0.3, 0.3],
        "stddev/keras_gaussian": [0.6, 0.6],
    }


def test_a_rate_that_was_changed():
    class Falling(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            krn.placement.set_rate(self.model, 0.4 / (epoch + 1))

    model = keras.Sequential(
        [keras.Input((4,)), krn.RotationOut(0.1, name="rotation"), layers.Dense(1)]
    )
    assert fit(model, callbacks=[Falling()])["rate/rotation"] == [0.4, 0.2]


def test_a_layer_in_two_places_is_logged_once():
    noise = layers.Dropout(0.3, name="noise")
    inputs = keras.Input((4,))
    inner = keras.Model(inputs, noise(inputs), name="inner")
    model = keras.Model(inputs, layers.Dense(1)(noise(inner(inputs))))
    rates = [key for key in fit(model, epochs=1) if key.startswith("rate/")]
    assert len(rates) == 1


def test_a_model_without_noise():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    assert set(fit(model)) == {"loss"}
