"""Data parallelism on JAX, also of batches that the devices can't share evenly."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras


class DataParallel(keras.distribution.DataParallel):  # type: ignore[misc]
    """Keras's, but a batch that is no multiple of the devices goes whole to each.

    Such is the last batch of most splits, where Keras's raises `IndivisibleError`.
    """

    def get_data_layout(self, data_shape: Any) -> Any:
        if data_shape[0] % self.num_model_replicas == 0:
            return super().get_data_layout(data_shape)
        whole = [None] * len(data_shape)
        return keras.distribution.TensorLayout(whole, self.device_mesh)


@contextlib.contextmanager
def data_parallel() -> Iterator[None]:
    """Train on all devices of JAX, as of models that are built in this context."""
    iterator: Any = keras.src.backend.jax.trainer.JAXEpochIterator
    before = iterator._get_distributed_iterator
    # Keras takes the layout of an epoch's first batch for all that follow.
    iterator._get_distributed_iterator = _batches
    keras.distribution.set_distribution(DataParallel())
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)
        iterator._get_distributed_iterator = before


def _batches(epoch: Any, distribution: Any) -> Iterator[Any]:
    for batch in epoch.data_adapter.get_jax_iterator():
        yield keras.src.backend.jax.trainer._distribute_data(batch)
