"""Small models of every kind, with noise and normalization in them."""

import keras
import numpy as np
from keras import layers

from keras_regnoise import DropActivation, ICLayer, RotationOut
from keras_regnoise.analysis._observe import value_of


def inputs(count=64, dim=6, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, (count, dim)).astype("float32")


def flat(*middle, dim=6):
    """Dense, then what is to be looked at, then Dense."""
    return keras.Sequential(
        [
            keras.Input((dim,)),
            layers.Dense(8, name="first"),
            *middle,
            layers.Dense(3, name="last"),
        ]
    )


def nested():
    """A functional model with a Sequential and a functional model in it."""
    encoder = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, name="dense"),
            layers.BatchNormalization(name="norm"),
            DropActivation(rate=0.3, name="act"),
            RotationOut(0.2, name="noise"),
        ],
        name="encoder",
    )
    x = keras.Input((8,))
    y = layers.Dense(8, name="dense")(x)
    y = layers.BatchNormalization(name="norm")(layers.Dropout(0.4, name="noise")(y))
    head = keras.Model(x, layers.Dense(2, name="out")(y), name="head")
    x = keras.Input((6,))
    return keras.Model(x, head(ICLayer(0.2, name="ic")(encoder(x))))


class Subclassed(keras.Model):
    """Layers called in Python code, one of them twice."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(6, name="dense")
        self.noise = layers.GaussianDropout(0.3, name="noise")
        self.blocks = [ICLayer(0.2, name="ic")]
        self.norm = layers.BatchNormalization(name="norm")

    def call(self, x, training=False):
        for _ in range(2):
            x = self.noise(keras.ops.tanh(self.dense(x)), training=training)
        return self.norm(self.blocks[0](x), training=training)


def subclassed():
    model = Subclassed()
    model(inputs(2))
    return model


EVERY_KIND = {
    "sequential": lambda: flat(layers.BatchNormalization(), layers.Dropout(0.3)),
    "nested": nested,
    "subclassed": subclassed,
}


def train(model, steps=3):
    """A few steps, so that moving statistics and random states are not the first."""
    model.compile("sgd", "mse")
    x = inputs(32 * steps)
    y = np.zeros(model.predict(x, verbose=0).shape)
    model.fit(x, y, batch_size=32, verbose=0)


def state(model):
    """All there is to a model: variables, and what hangs on its layers."""
    every = model._flatten_layers()
    values = [value_of(variable) for variable in model.variables]
    own = [(set(vars(layer)), layer.call.__func__) for layer in every]
    return values, own, [layer.built for layer in every]


def assert_same_state(before, after):
    for a, b in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(a, b)
    assert before[1:] == after[1:]
