"""Layers and a model to draw noise with, in this process and in others."""

import json

import keras
import numpy as np

from keras_regnoise import callbacks, layers, regularizers
from keras_regnoise.layers._base.fast_dropout import FastDropout

NOISES = {
    "drop_activation": lambda seed: layers.DropActivation(rate=0.5, seed=seed),
    "fast_dropout": lambda seed: FastDropout(0.5, seed=seed),
    "rotation_out": lambda seed: layers.RotationOut(0.5, center=False, seed=seed),
    "spatial_rotation_out": lambda seed: layers.SpatialRotationOut(
        0.5, center=False, seed=seed
    ),
}


def inputs():
    """Four samples on which the noise of every layer of `NOISES` has two values."""
    return -np.ones((4, 1, 256), "float32")


def everything():
    """A compiled model with all that the package adds to one."""
    conv, penalty = keras.layers.Conv2D, regularizers.VarianceConstancy()
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            conv(8, 3, activity_regularizer=penalty, name="regularized"),
            layers.VarianceConstancy(shared_axes=(1, 2), name="constancy"),
            layers.DropActivation("relu", seed=1, name="relu"),
            layers.RotationOut(0.1, seed=2),
            layers.SpatialRotationOut(0.1, block_size=2, seed=3),
            layers.ICLayer(0.1, noise="rotationout", seed=4),
            conv(8, 3),
            layers.DropActivation("elu", seed=5, name="elu"),
            layers.ICLayer(0.1, normalization="group", seed=6),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    return model


def fit(model):
    """Train with the callbacks; return their logs and the number of draws, as JSON."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(32, 6, 6, 3)).astype("float32")
    y = generator.normal(size=(32, 1)).astype("float32")
    both = [callbacks.VarianceConstancy(), callbacks.LogNoise()]
    logs = model.fit(x, y, 16, epochs=2, verbose=0, callbacks=both).history
    draws = int(model.get_layer("relu").seed_generator.state.value[1])
    return json.dumps({"logs": logs, "draws": draws})
