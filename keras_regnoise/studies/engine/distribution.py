import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from keras_regnoise._keras.sharding import data_parallel
from keras_regnoise.studies.input_error import InputError


@contextlib.contextmanager
def distribution(distribute: bool, batch_size: int) -> Iterator[None]:
    """Train on all visible devices at once, data parallel.

    Args:
        distribute: Whether to; else on one.
        batch_size: Of the training, for all devices together.

    Raises:
        InputError: If JAX's devices can't share a batch evenly.
    """
    backend = keras.config.backend()
    if not distribute:
        yield
    elif backend == "tensorflow":
        with _mirrored().scope():
            yield
    elif backend == "jax":
        _check(batch_size, len(keras.distribution.list_devices()))
        with data_parallel():
            yield
    else:
        raise ValueError(
            f"--distribute needs the TensorFlow or the JAX backend. Received: {backend}"
        )


def _check(batch_size: int, devices: int) -> None:
    if batch_size % devices:
        raise InputError(
            f"With --distribute the batch size must be a multiple of the {devices} "
            f"devices. Received: {batch_size}. Show JAX fewer devices "
            "(CUDA_VISIBLE_DEVICES), or train on TensorFlow."
        )


def _mirrored() -> Any:
    """Return TensorFlow's strategy for all GPUs, or for all logical CPUs."""
    import tensorflow as tf

    class Mirrored(tf.distribute.MirroredStrategy):  # type: ignore[misc]
        def reduce(self, reduce_op: Any, value: Any, axis: Any) -> Any:
            # Before an evaluation Keras takes the mean of the replicas' parts of a
            # batch, only to know their shape; and the parts may differ in size.
            try:
                return super().reduce(reduce_op, value, axis)
            except tf.errors.InvalidArgumentError:
                if not tf.executing_eagerly():
                    raise
                results = self.experimental_local_results
                return tf.nest.map_structure(lambda part: results(part)[0], value)

    gpus, cpus = map(tf.config.list_logical_devices, ("GPU", "CPU"))
    return Mirrored([device.name for device in gpus or cpus])
