"""Two replicas of TensorFlow in one process; `main` needs one of its own."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.devices import networks
from tests.layers.cases import CASES


def main(directory):
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, devices)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    one = {f"one_{key}": value for key, value in networks.vcl_steps().items()}
    with strategy.scope():
        noisy, model = networks.every_layer()
    x, y = networks.inputs()
    found = {**one, **outputs_of_replicas(strategy, noisy, x)}
    found |= networks.trained(model, *networks.twice((x, y)))
    file = Path(directory) / "model.keras"
    model.save(file)
    with strategy.scope():
        loaded = keras.saving.load_model(file)
        found |= networks.vcl_steps(copies=2)
    np.savez(
        Path(directory) / "found.npz",
        **found,
        predicted=model.predict(x, verbose=0),
        predicted_by_loaded=loaded.predict(x, verbose=0),
    )


def outputs_of_replicas(strategy, noisy, x):
    """What every layer returns in training on each replica of this process."""

    @tf.function
    def step():
        return strategy.run(lambda: noisy([tf.constant(a) for a in x], training=True))

    found = zip(CASES, step(), strict=True)
    return {
        f"noisy_{case.name}": np.stack(strategy.experimental_local_results(y))
        for case, y in found
    }
