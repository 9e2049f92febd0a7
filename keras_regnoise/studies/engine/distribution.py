import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def distribution(distribute: bool) -> Iterator[None]:
    """Train on all visible devices at once, data parallel."""
    backend = keras.config.backend()
    if not distribute:
        yield
    elif backend == "tensorflow":
        import tensorflow as tf

        devices = [d.name for d in tf.config.list_logical_devices("GPU")]
        with tf.distribute.MirroredStrategy(devices or _tf_cpus()).scope():
            yield
    elif backend == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        try:
            yield
        finally:
            keras.distribution.set_distribution(None)
    else:
        raise ValueError(
            f"--distribute needs the TensorFlow or the JAX backend. Received: {backend}"
        )


def _tf_cpus() -> list[str]:
    import tensorflow as tf

    return [d.name for d in tf.config.list_logical_devices("CPU")]
