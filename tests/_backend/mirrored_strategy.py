"""Noise on two replicas of TensorFlow; `main` needs a process of its own."""

import keras
import numpy as np
import tensorflow as tf

from tests._backend import models

STEPS = 3


def main(path):
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, devices)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        results = {
            name: _outputs_and_gradients(strategy, make(1))
            for name, make in models.NOISES.items()
        }
        keras.utils.set_random_seed(0)
        model = models.everything()
    np.savez(path, **results)
    print(models.fit(model))


def _outputs_and_gradients(strategy, layer):
    """Outputs, and gradients of their sum: (steps, replicas, 2, *shape)."""

    def replica_step():
        x = tf.constant(models.inputs())
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return tf.stack([y, tape.gradient(y, x)])

    @tf.function
    def step():
        return strategy.experimental_local_results(strategy.run(replica_step))

    return np.stack([np.stack(step()) for _ in range(STEPS)])
