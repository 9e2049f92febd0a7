"""What is trained on one device and on several, and what is told of it."""

import keras
import numpy as np
from keras import layers

import keras_regnoise as krn
from tests.layers.cases import CASES

SAMPLES = 16  # of a replica
WIDTH = 8  # of every input
VCL = ("layer", "regularizer", "callback")


def every_layer():
    """A branch for every case: what the layers return, and a sum of it to train."""
    keras.utils.set_random_seed(0)
    inputs, noisy = [], []
    for case in CASES:
        inputs.append(keras.Input((*case.shape[:-1], WIDTH), name=f"{case.name}_in"))
        x = layers.Dense(case.shape[-1], name=f"{case.name}_before")(inputs[-1])
        noisy.append(case.make(name=case.name)(x))
    heads = [layers.Dense(1)(layers.Flatten()(x)) for x in noisy]
    model = keras.Model(inputs, layers.Add()(heads))
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    return keras.Model(inputs, noisy), model


def inputs(samples=SAMPLES):
    """The inputs of every branch, and a target."""
    random = np.random.default_rng(0)
    shapes = [(samples, *case.shape[:-1], WIDTH) for case in CASES]
    return [random.normal(size=s).astype("float32") for s in shapes], _target(samples)


def _target(samples):
    return np.linspace(-1, 1, samples, dtype="float32")[:, None]


def twice(arrays):
    """The same samples for both of two replicas."""
    return keras.tree.map_structure(lambda a: np.concatenate([a, a]), arrays)


def kernels(model):
    """The weights in front of every layer."""
    names = [case.name for case in CASES]
    return {n: model.get_layer(f"{n}_before").get_weights()[0] for n in names}


def fit(model, x, y, steps, callbacks=()):
    """Train by Keras's `fit`, a batch an epoch; return what it logs."""
    options = {"epochs": steps, "shuffle": False, "verbose": 0, "callbacks": callbacks}
    return model.fit(x, y, batch_size=len(y), **options).history


def trained(model, x, y, fit=fit):
    """Train for two steps; return the losses and how far every kernel moved."""
    before = kernels(model)
    losses = fit(model, x, y, steps=2)["loss"]
    moved = {f"moved_{n}": new - before[n] for n, new in kernels(model).items()}
    return {"losses": losses, **moved}


def vcl_model(kind):
    """A network with the loss as a layer, as a regularizer, or without it."""
    keras.utils.set_random_seed(0)
    has = kind == "regularizer"
    penalty = krn.regularizers.VarianceConstancy(0.5) if has else None
    model = keras.Sequential(
        [
            keras.Input((WIDTH,)),
            layers.Dense(5, activity_regularizer=penalty),
            *([krn.VarianceConstancy(0.5)] if kind == "layer" else []),
            layers.Activation("tanh"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def vcl_steps(copies=1, kinds=VCL, fit=fit):
    """What is logged and the weights after a step, with every form of the loss."""
    x = np.random.default_rng(1).normal(size=(SAMPLES, WIDTH)).astype("float32")
    x, y = np.concatenate([x] * copies), np.concatenate([_target(SAMPLES)] * copies)
    found = {}
    for kind in kinds:
        model = vcl_model(kind)
        callbacks = {"callbacks": [krn.callbacks.VarianceConstancy(0.5)]}
        logs = fit(model, x, y, steps=1, **(callbacks if kind == "callback" else {}))
        weights = [w.ravel() for w in model.get_weights()]
        found[f"vcl_{kind}"] = np.concatenate([*logs.values(), *weights])
    return found
