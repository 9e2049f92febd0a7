"""A study whose cells say which network they were trained with; run by path."""

import hashlib

import keras
import numpy as np

from keras_regnoise.layers import DropActivation, DropConnect, ICLayer, RotationOut
from keras_regnoise.studies import Arm, Fit, Recipe, Study, StudyModel

NETWORKS = []  # by cell


class Baked(keras.layers.Layer):
    """Noise whose seed is a constant of the program."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def call(self, inputs):
        return inputs + keras.random.normal((16,), seed=self.seed)

    def get_config(self):
        return {"seed": self.seed}


class SharedModel(StudyModel):
    """A hidden layer, what the arm says, and a head."""

    shares_programs = True

    def build(self, hp):
        kernel = keras.initializers.GlorotUniform(seed=self.seed(hp, "hidden"))
        model = keras.Sequential([keras.Input(self.data.shape), keras.layers.Flatten()])
        model.add(keras.layers.Dense(16, kernel_initializer=kernel))
        for layer in getattr(self, hp.get("arm"))(self.seed(hp, "noise")):
            model.add(layer)
        model.add(keras.layers.Dense(10, "softmax"))
        if hp.get("arm") == "decayed":
            decay = keras.regularizers.L2(0.01 * (1 + hp.get("seed")))
            model.trainable_variables[0].regularizer = decay
        rate = keras.optimizers.schedules.CosineDecay(2e-2, self.steps)
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
        return model

    def noisy(self, seed):
        return [
            keras.layers.Dropout(0.1, seed=seed),
            RotationOut(keras.optimizers.schedules.CosineDecay(0.3, 8), seed=seed),
            DropActivation(rate=0.2, seed=seed),
            DropConnect(keras.layers.Dense(16), 0.1, seed=seed),
            ICLayer(0.1, keras.layers.BatchNormalization(), seed=seed),
            keras.layers.GaussianNoise(0.1),  # its seed is Keras's
        ]

    def plain(self, seed):
        return [keras.layers.ReLU()]

    def baked(self, seed):
        return [Baked(seed)]

    def adapted(self, seed):
        layer = keras.layers.Normalization()
        layer.adapt(np.random.default_rng(seed).normal(size=(20, 16)))
        return [layer]

    def scaled(self, seed):
        return [keras.layers.Activation(lambda x: x * (seed % 3))]

    def decayed(self, seed):
        return []

    def evaluate(self, model):
        NETWORKS.append(model)
        digest = hashlib.sha256()
        for variable in [*model.variables, *model.optimizer.variables]:
            digest.update(keras.ops.convert_to_numpy(variable).tobytes())
        # Exact as a float.
        return super().evaluate(model) | {"digest": int(digest.hexdigest()[:12], 16)}


class OwnFit(SharedModel):
    """Says nothing of what its `fit` does."""

    def fit(self, hp, model, fit=Fit()):
        return super().fit(hp, model, fit)


STUDY = Study(
    name="shared",
    title="Networks that may be shared, and some that may not",
    model=SharedModel,
    data="digits",
    arms=tuple(map(Arm, ("noisy", "plain", "baked", "adapted", "scaled", "decayed"))),
    baseline="plain",
    recipes={
        "smoke": Recipe(
            epochs=3, batch_size=20, seeds=(0, 1, 2), examples=100, test_examples=100
        )
    },
)
