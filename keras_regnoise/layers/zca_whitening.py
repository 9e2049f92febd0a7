import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regnoise._arguments import check_integer, check_number
from keras_regnoise._data import input_batches, is_array
from keras_regnoise._typing import Config, Shape, Tensor
from keras_regnoise.layers._base.checks import check_float

Array = np.ndarray[Any, np.dtype[np.float64]]
_BATCH_SIZE = 1024  # of an array's rows, in float64 at one time


@keras.saving.register_keras_serializable(package="keras_regnoise")
class ZCAWhitening(keras.layers.Layer):  # type: ignore[misc]
    """Whitens data with statistics learned by `adapt()`, and can undo it exactly.

    `y = (x - mean) V (S + regularization)^(-1/2) V^T`, with `V S V^T` the covariance of
    the data: features without correlation and of equal variance, and of all such `y`
    the one that is closest to `x`, so that a whitened image still looks like an image.
    The eigenvalues, raised by `regularization`, keep directions that are almost
    constant from being blown up. Before `adapt()` it is the identity.

    Args:
        regularization: Positive float, added to the eigenvalues of the covariance, so
            in the units of the squared data. Defaults to 0.1, for data near [-1, 1].
        axis: None (default), every element of a sample is a feature (the usual for
            small images), or an integer: the feature axis, all positions are data.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, ...)` whose number of features is known.

    Raises:
        ValueError: If the number of features is not known when it is built.

    Reference:
        Regularizations for Deep Models (whitening); [Learning Multiple Layers of
        Features from Tiny Images](https://www.cs.toronto.edu/~kriz/), appendix A.

    Example:

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1000, 2)) @ [[2.0, 1.0], [0.0, 1.0]]
    >>> layer = ZCAWhitening(regularization=1e-6)
    >>> layer.adapt(x)
    >>> y = keras.ops.convert_to_numpy(layer(x.astype("float32")))
    >>> np.abs(np.cov(y.T)).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self, regularization: float = 0.1, axis: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        meaning = "what is added to the eigenvalues"
        self.regularization = check_number(
            "regularization", regularization, meaning, above=0
        )
        meaning = "the feature axis, or None (every element of a sample is a feature)"
        self.axis = None if axis is None else check_integer("axis", axis, meaning)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        dim = self._feature_count(input_shape)

        def add(name: str, shape: Any, initializer: str) -> Any:
            return self.add_weight(
                name=name,
                shape=shape,
                initializer=initializer,
                trainable=False,
                dtype="float32",
                autocast=False,
            )

        self.mean = add("mean", (dim,), "zeros")
        self.whitening = add("whitening", (dim, dim), "identity")
        self.coloring = add("coloring", (dim, dim), "identity")

    def adapt(self, data: Any) -> None:
        """Learn the mean and the covariance of data.

        Args:
            data: Samples `(samples, ...)` in any form that `fit` takes: an array,
                tensor or DataFrame, a tuple `(x, y)` whose targets are left out, or
                batches of these (a `tf.data.Dataset`, a `keras.utils.PyDataset`, a
                torch `DataLoader`, a generator, a list of tuples).

        Raises:
            ValueError: If the data have fewer than two samples, no end, a value that is
                not finite, or another number of features than the layer.
        """
        is_list = isinstance(data, list) and data and is_array(data[0])
        inputs = [tuple(data[0].shape)] if is_list else None
        moments = _Moments()
        for batch in input_batches(data, inputs, _BATCH_SIZE):
            self._build_for(batch)
            moments.add(self._rows(batch))
        if moments.count < 2:
            raise ValueError(
                "adapt() needs data of at least two samples. "
                f"Received: {moments.count} samples"
            )
        missing = np.flatnonzero(~np.isfinite(moments.mean))
        if missing.size:
            raise ValueError(
                "adapt() needs data without NaN and infinity. Received: some in "
                f"{missing.size} of {self.mean.shape[0]} features, the first of them "
                f"{missing[0]}"
            )
        values, vectors = np.linalg.eigh(moments.squares / moments.count)
        roots = np.sqrt(np.maximum(values, 0.0) + self.regularization)
        self.mean.assign(moments.mean)
        self.whitening.assign((vectors / roots) @ vectors.T)
        self.coloring.assign((vectors * roots) @ vectors.T)

    def call(self, inputs: Tensor) -> Any:
        check_float(self, inputs)
        return self._map(inputs, lambda x: ops.matmul(x - self.mean, self.whitening))

    def inverse(self, outputs: Tensor) -> Any:
        """Return the data that were whitened to `outputs`."""
        outputs = ops.convert_to_tensor(outputs)
        return self._map(outputs, lambda y: ops.matmul(y, self.coloring) + self.mean)

    def _map(self, x: Tensor, function: Any) -> Tensor:
        moved = ops.cast(x, "float32")
        if self.axis is not None:
            y = ops.moveaxis(
                function(ops.moveaxis(moved, self.axis, -1)), -1, self.axis
            )
        else:
            y = function(ops.reshape(moved, (ops.shape(x)[0], self.mean.shape[0])))
            y = ops.reshape(y, ops.shape(x))
        return ops.cast(y, x.dtype)

    def _build_for(self, batch: Any) -> None:
        if not is_array(batch):
            raise ValueError(
                "adapt() takes one array of inputs. Received: inputs of type "
                f"{type(batch).__name__}. Map the data to one of them."
            )
        shape = (None, *batch.shape[1:])
        if not getattr(self, "built", False):
            self.build(shape)
        if self._feature_count(shape) != self.mean.shape[0]:
            raise ValueError(
                f"{type(self).__name__} layer '{self.name}' was built for "
                f"{self.mean.shape[0]} features. Received: data of shape {shape}, "
                f"axis={self.axis}. If they are not batched, call .batch(32) on them."
            )

    def _rows(self, batch: Array) -> Array:
        if self.axis is not None:
            batch = np.moveaxis(batch, self.axis, -1)
        return batch.reshape(-1, self.mean.shape[0]).astype("float64")

    def _feature_count(self, input_shape: Shape) -> int:
        rank = len(input_shape)
        is_axis = self.axis is None or (
            -rank <= self.axis < rank and self.axis % rank != 0
        )
        sizes = () if not is_axis else input_shape[1:]
        if is_axis and self.axis is not None:
            sizes = (input_shape[self.axis],)
        if not sizes or None in sizes:
            raise ValueError(
                f"{type(self).__name__} layer '{self.name}' learns a covariance and "
                f"must know how many features there are: all sizes but the batch with "
                f"axis=None, or that of `axis`, which is not the batch axis. Received: "
                f"input_shape={tuple(input_shape)}, axis={self.axis}"
            )
        return math.prod(size for size in sizes if size is not None)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "regularization": self.regularization,
            "axis": self.axis,
        }


class _Moments:
    """Mean and summed products of deviations, merged batch by batch."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self.squares: Any = 0.0

    def add(self, rows: Array) -> None:
        if not len(rows):
            return
        mean = rows.mean(axis=0)
        deviations, shift = rows - mean, mean - self.mean
        count = self.count + len(rows)
        self.squares = self.squares + deviations.T @ deviations
        self.squares += np.outer(shift, shift) * (self.count * len(rows) / count)
        self.mean = self.mean + shift * (len(rows) / count)
        self.count = count
