"""One of two processes of TensorFlow's MultiWorkerMirroredStrategy, on one machine.

Keras's `fit` cannot train under this strategy (Keras 3.15.1: a distributed value is no
tensor), whatever the layers: the steps are run by hand.
"""

import functools
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.devices import networks
from tests.devices.mirrored import outputs_of_replicas


def main(directory):
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    by_hand = functools.partial(fit, strategy)
    with strategy.scope():
        noisy, model = networks.every_layer()
    x, y = networks.inputs()
    found = outputs_of_replicas(strategy, noisy, x)
    found |= networks.trained(model, x, y, by_hand)
    with strategy.scope():
        found |= networks.vcl_steps(kinds=("layer", "regularizer"), fit=by_hand)
    # Every process saves, because saving may be a step of all; one file is kept.
    file = Path(directory) / "model.keras"
    model.save(file)
    with strategy.scope():
        loaded = keras.saving.load_model(file)
    outputs = {"predicted": model(x), "predicted_by_loaded": loaded(x)}
    np.savez(Path(directory) / "found.npz", **found, **outputs)


def fit(strategy, model, x, y, steps):
    """Train with the same samples in both processes."""
    with strategy.scope():
        model.optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        logs = strategy.run(model.train_step, args=((x, y),))
        return {
            name: strategy.experimental_local_results(v)[0] for name, v in logs.items()
        }

    logs = [step() for _ in range(steps)]
    return {name: [float(log[name]) for log in logs] for name in logs[0]}
