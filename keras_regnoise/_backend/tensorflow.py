"""TensorFlow: kernels are small XLA programs where that pays, also in a plain graph.

On a CPU, TensorFlow's own random operations cost several times the traffic of the
tensor that they are for; compiled by XLA, the hashed draws cost next to nothing.
"""

import contextlib
import gc
from typing import Any

import keras
import tensorflow as tf

from keras_regnoise._backend._tensorflow_programs import compiled as compiled
from keras_regnoise._backend._tensorflow_programs import kernel as kernel
from keras_regnoise._backend._tensorflow_programs import piece as piece
from keras_regnoise._backend._tensorflow_programs import shared as shared
from keras_regnoise._backend.gathering import add_turned as add_turned
from keras_regnoise._backend.hashing import bernoulli as bernoulli
from keras_regnoise._backend.hashing import normal as normal
from keras_regnoise._backend.hashing import once as once
from keras_regnoise._backend.hashing import uniform as uniform
from keras_regnoise._backend.moments import variance as variance
from keras_regnoise._backend.permuting import permutation as permutation
from keras_regnoise._backend.unseeded import Unseeded as Unseeded
from keras_regnoise._typing import Tensor, TensorLike

_REPLICA_STRIDE = 0x632BE5AB  # odd: replicas of one seed stay apart in 32 bits


def local_seed(seed: Tensor) -> Tensor:
    """Give each replica of a distribution strategy noise of its own."""
    if not tf.distribute.has_strategy():
        return seed
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    return seed + tf.stack([replica * _REPLICA_STRIDE, tf.zeros_like(replica)])


def as_tensor(x: TensorLike) -> Tensor:
    """Return a tensor; `keras.ops.convert_to_tensor` returns a variable as it is."""
    return tf.convert_to_tensor(x)


def renew_programs(variable: keras.Variable) -> None:
    """Have every model with this variable build its compiled functions anew.

    A `tf.function` can't be told to: the models that are alive get new ones.
    """
    if gc.get_freeze_count():  # what is frozen would not be found
        gc.unfreeze()
    for model in (x for x in gc.get_objects() if issubclass(type(x), keras.Model)):
        if not any(held is variable for held in model.variables):
            continue
        for kind in ("train", "test", "predict"):
            if getattr(model, f"{kind}_function", None) is not None:
                getattr(model, f"make_{kind}_function")(force=True)


def look_up(table: Tensor, indices: Tensor) -> Tensor:
    """Take from a vector by indices of any shape."""
    return tf.gather(table, indices)


def take(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by a vector of indices."""
    return tf.gather(x, indices, axis=axis)


def take_per_sample(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by `indices` (batch, size), other ones for each sample."""
    # Not Keras's take_along_axis, which broadcasts an empty batch to a sample.
    return tf.gather(x, indices, axis=axis, batch_dims=1)


def leading_rows(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return `x` and a copy of its first `count` rows.

    The gradient of the copy is added to the first rows of the gradient of `x`, where a
    slice would add a tensor of the size of `x` that is mostly zeros.
    """

    @tf.custom_gradient
    def split(x: Tensor) -> Any:
        def gradient(whole: Tensor, rows: Tensor) -> Tensor:
            indices = tf.range(tf.shape(rows)[0])[:, None]
            return tf.tensor_scatter_nd_add(whole, indices, rows)

        return (tf.identity(x), x[:count]), gradient

    whole, rows = split(x)
    return whole, rows


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    """Sum `x` (..., features) over all but its last axis, in the dtype of `weights`.

    Args:
        x: Tensor.
        weights: Tensor that broadcasts against `x`, of size 1 on the last axis.
    """
    x = tf.cast(x, weights.dtype)
    if len(x.shape) < 3:
        return tf.reduce_sum(x * weights, 0)
    return tf.reduce_sum(weighted_sums(x, weights), 0)


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """Sum each sample of `x` (batch, ..., features), in the dtype of `weights`."""
    x = tf.cast(x, weights.dtype)
    if tf.config.list_physical_devices("GPU"):  # a product would round to TF32
        return tf.reduce_sum(x * weights, list(range(1, len(x.shape) - 1)))
    # On a CPU a product per sample is several times faster than XLA's reduction.
    shape = tf.shape(x)
    weights = tf.broadcast_to(weights, tf.concat([shape[:-1], [1]], 0))
    rows = tf.reshape(weights, [shape[0], 1, -1])
    columns = tf.reshape(x, [shape[0], -1, shape[-1]])
    return tf.matmul(rows, columns)[:, 0]


class Recorder:
    """Mean of a value computed inside the training steps of `model`.

    `has_gradient` is true once a step has taken a gradient of what `update` returned.
    """

    def __init__(self, model: keras.Model) -> None:
        strategy = getattr(model, "distribute_strategy", None)
        with strategy.scope() if strategy else contextlib.nullcontext():
            self._mean = keras.metrics.Mean()
        self.has_gradient = False

    def update(self, value: Tensor) -> Tensor:
        """Record a value; return it, to be added to the loss."""
        self._mean.update_state(tf.stop_gradient(value))

        @tf.custom_gradient
        def noticing(value: Tensor) -> Any:
            def gradient(upstream: Tensor) -> Tensor:  # only traced where it is needed
                self.has_gradient = True
                return upstream

            return tf.identity(value), gradient

        return noticing(value)

    def result(self) -> float:
        return float(self._mean.result())

    def reset(self) -> None:
        self._mean.reset_state()
