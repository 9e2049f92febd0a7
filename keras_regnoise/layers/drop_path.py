import keras

from keras_regnoise._typing import Shape, Tensor
from keras_regnoise.layers._base.checks import check_float
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops.drop import dropout


@keras.saving.register_keras_serializable(package="keras_regnoise")
class DropPath(NoiseLayer):
    """Drops whole samples: the branch of a residual network, for some of the batch.

    In training each sample is set to zero with probability `rate` and divided by
    `1 - rate` otherwise. Put it at the end of a residual branch, right before the
    addition: a sample whose branch is dropped passes by the shortcut alone, as if the
    network were shallower.

    Args:
        rate: Float in [0, 1), the probability that a sample is dropped, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps. 0 is the identity. Usually grows linearly with the depth of the
            branch.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, ...)`.
        training: Whether to drop samples.

    Reference:
        [Deep Networks with Stochastic Depth](https://arxiv.org/abs/1603.09382),
        equation 2.

    Differences from the paper: it drops a branch for the whole batch, and multiplies
    by the keep probability at inference. Here each sample is dropped on its own, and
    the division is in training, so that inference is the identity.

    Example:

    >>> layer = DropPath(0.5, seed=1)
    >>> y = layer(keras.ops.ones((1000, 2, 2)), training=True)
    >>> sorted({row.tobytes() for row in keras.ops.convert_to_numpy(y)}) == sorted(
    ...     keras.ops.convert_to_numpy(value * keras.ops.ones((2, 2))).tobytes()
    ...     for value in (0.0, 2.0)
    ... )
    True
    """

    def build(self, input_shape: Shape) -> None:
        pass

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_noise()
        return dropout(inputs, seed, rate, per_sample=True)
