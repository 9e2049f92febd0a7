"""The same batches through tf.data, which works ahead of the training step."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets.augmentations import augment, layer_keys
from keras_regnoise.datasets.split import Array, Batch, Split
from keras_regnoise.datasets.stream import Stream

SIDE = 224  # of images that come in many sizes
_DRAWS = 64  # more than any layer makes of one image
_MARGIN = 8 / 7  # the shorter side is 256 pixels for a crop of 224


def tensorflow() -> Any:
    """Return the module; under another backend it keeps off the accelerator."""
    import tensorflow as tf

    if keras.config.backend() != "tensorflow":
        with suppress(RuntimeError):  # it has been used before
            tf.config.set_visible_devices([], "GPU")
    return tf


def array_opener(
    data: Split,
    batch_size: int,
    order: Callable[[int], Array],
    layers: Sequence[keras.layers.Layer],
    seed: int | None,
) -> Callable[[int], Iterator[Batch]]:
    """Return a function from an epoch to its augmented batches.

    One pipeline serves all epochs, so that it is traced once.

    Args:
        data: Images and classes.
        batch_size: Examples of a batch.
        order: Gets an epoch and returns the indices of its examples.
        layers: From `make_layers`.
        seed: Seed of the run.
    """
    tf = tensorflow()
    with tf.device("CPU"):
        images, classes = tf.constant(data.x), tf.constant(data.y)
    current = [0]

    def plan() -> Iterator[tuple[Array, Array]]:
        keys = layer_keys((seed, current[0]), len(layers))
        yield order(current[0]), np.array(keys, "int64")

    def example(position: Any, index: Any, keys: Any) -> Batch:
        image = _augment_image(_to_floats(images[index]), layers, keys, position)
        return image, classes[index]

    def examples(indices: Any, keys: Any) -> Any:
        numbered = tf.data.Dataset.from_tensor_slices(indices).enumerate()
        return numbered.map(lambda position, index: (position, index, keys))

    vector = tf.TensorSpec((None,), "int64")
    pipeline = tf.data.Dataset.from_generator(plan, output_signature=(vector, vector))
    pipeline = pipeline.flat_map(examples).map(example, tf.data.AUTOTUNE)
    pipeline = pipeline.batch(batch_size).prefetch(tf.data.AUTOTUNE)

    def open_epoch(epoch: int) -> Iterator[Batch]:
        current[0] = epoch
        return iter(pipeline.as_numpy_iterator())

    return open_epoch


def array_epochs(
    data: Split, batch_size: int, order: Callable[[int], Array], epochs: range
) -> Any:
    """Return the batches of all epochs in one pipeline.

    An epoch costs no new iterator, and a batch no step in Python.

    Args:
        data: Inputs, which are scaled here if they are uint8, and classes.
        batch_size: Examples of a batch.
        order: Gets an epoch and returns the indices of its examples, whole batches.
        epochs: Their numbers.
    """
    tf = tensorflow()
    with tf.device("CPU"):
        x, y = keras.tree.map_structure(tf.constant, tuple(data))

    def orders() -> Iterator[Array]:
        for epoch in epochs:
            yield order(epoch).reshape(-1, batch_size)

    def inputs(chosen: Any, whole: Any) -> Any:
        taken = tf.gather(whole, chosen)
        return _to_floats(taken) if taken.dtype == tf.uint8 else taken

    def batch(chosen: Any) -> Any:
        taken = (
            keras.tree.map_structure(partial(inputs, chosen), x),
            keras.tree.map_structure(lambda whole: tf.gather(whole, chosen), y),
        )
        return keras.tree.lists_to_tuples(taken)  # a list would be stacked

    plan = tf.data.Dataset.from_generator(
        orders, output_signature=tf.TensorSpec((None, batch_size), "int64")
    )
    return plan.unbatch().map(batch).prefetch(tf.data.AUTOTUNE)


def stream_opener(
    stream: Stream,
    batch_size: int,
    shape: tuple[int, ...],
    layers: Sequence[keras.layers.Layer],
    seed: int | None,
) -> Callable[[int], Iterator[Batch]]:
    """Return a function from an epoch to its batches of images cropped to `shape`.

    The crop is random with a seed, and central without; images that fit stay whole.
    """
    tf = tensorflow()

    def open_epoch(epoch: int) -> Iterator[Batch]:
        of_file, of_crop, *of_layers = layer_keys((seed, epoch), 2 + len(layers))
        keys = tf.constant(of_layers, "int64")

        def example(position: Any, data: Batch) -> Batch:
            image = data[0]
            if not stream.fitted:
                crop = None if seed is None else tf.stack([of_crop, position])
                image = _resize_and_crop(image, shape, crop)
            image = _to_floats(image)
            return _augment_image(image, layers, keys, position), data[1]

        examples = stream.open(None if seed is None else of_file)
        pipeline = examples.enumerate().map(example, tf.data.AUTOTUNE)
        pipeline = pipeline.batch(batch_size).prefetch(tf.data.AUTOTUNE)
        return iter(pipeline.as_numpy_iterator())

    return open_epoch


def resize(image: Any, shape: tuple[int, ...]) -> Any:
    """Return the middle of an image, uint8, in the given shape."""
    return _resize_and_crop(image, shape, None)


def _resize_and_crop(image: Any, shape: tuple[int, ...], seed: Any) -> Any:
    tf = tensorflow()
    target = tf.constant(shape[:2], tf.float32)
    size = tf.cast(tf.shape(image)[:2], tf.float32)
    size = tf.math.ceil(size * tf.reduce_max(target / size) * _MARGIN)
    image = tf.image.resize(image, tf.cast(size, tf.int32), antialias=True)
    if seed is None:
        image = tf.image.resize_with_crop_or_pad(image, *shape[:2])
    else:
        image = tf.image.stateless_random_crop(image, shape, seed)
    return tf.cast(tf.ensure_shape(tf.round(image), shape), tf.uint8)


def _to_floats(image: Any) -> Any:
    tf = tensorflow()
    if image.dtype == tf.uint8:
        return tf.cast(image, tf.float32) / 255.0
    return tf.cast(image, tf.float32)


def _augment_image(
    image: Any, layers: Sequence[keras.layers.Layer], keys: Any, position: Any
) -> Any:
    tf = tensorflow()

    def draw_of(layer: int) -> Callable[[int], Any]:
        return lambda number: tf.stack([keys[layer], position * _DRAWS + number])

    # One image at a time, or all images of a batch would share a crop.
    draws = [draw_of(layer) for layer in range(len(layers))]
    return tf.ensure_shape(augment(image[None], layers, draws)[0], image.shape)
