"""One model on two devices, each with noise of its own. Here two parts of one CPU.

Run with: python examples/two_devices.py [EPOCHS]
Needs TensorFlow or JAX (KERAS_BACKEND=jax) and the extra "studies".
"""

import contextlib
import os
import sys

# JAX: two devices out of one CPU. Leave it out where there are several GPUs.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")

import keras

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


def two_devices() -> contextlib.AbstractContextManager:
    """Return the context in which a model is built, to be trained on both."""
    if keras.config.backend() == "jax":
        distribution = keras.distribution.DataParallel()
        keras.distribution.set_distribution(distribution)
        print(f"DataParallel: {distribution.device_mesh.devices.size} devices")
        return contextlib.nullcontext()
    import tensorflow as tf

    half = tf.config.LogicalDeviceConfiguration()
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [half, half])
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(f"MirroredStrategy: {strategy.num_replicas_in_sync} devices")
    return strategy.scope()


def build_model() -> keras.Model:
    """Build and compile as for one device."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(128),
            krn.VarianceConstancy(),
            layers.Activation("relu"),
            krn.RotationOut(0.2, seed=1),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 30) -> None:
    """Train on two devices; a batch of 50 is 25 for each."""
    train, _, test = load_digits()
    keras.utils.set_random_seed(1)
    with two_devices():
        model = build_model()
    model.fit(*train, batch_size=50, epochs=epochs, verbose=0)
    accuracy = model.evaluate(*test, batch_size=50, verbose=0, return_dict=True)
    print(f"test accuracy {accuracy['accuracy']:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# MirroredStrategy: 2 devices
# test accuracy 0.940
