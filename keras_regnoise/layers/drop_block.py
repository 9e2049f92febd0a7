from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_integer
from keras_regnoise._typing import Config, Rate, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.checks import (
    check_data_format,
    check_float,
    check_positions,
    feature_size,
)
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops.drop import drop
from keras_regnoise.ops.random_blocks import random_blocks


@keras.saving.register_keras_serializable(package="keras_regnoise")
class DropBlock(NoiseLayer):
    """Dropout of contiguous blocks of a sequence, an image or a volume.

    Neighbouring positions carry much of the same information, so that a single dropped
    one is no loss. Here random blocks are set to zero, for all channels at once, and
    the rest is multiplied by the number of positions over the number of those kept.

    Args:
        rate: Float in [0, 1), the expected share of the positions that are dropped, or
            a `keras.optimizers.schedules.LearningRateSchedule` of the layer's training
            steps (the paper raises it linearly). 0 is the identity.
        block_size: Integer, the side of a block in positions. Defaults to 7, the
            paper's. Cut to the size of a smaller map, which is then dropped as a whole
            or not at all. 1 is Dropout of positions.
        per_channel: Whether every channel has blocks of its own. Defaults to False.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, *spatial, channels)` or `(batch, channels,
            *spatial)` of rank 3, 4 or 5; only the number of channels must be known.
        training: Whether to drop blocks.

    Reference:
        [DropBlock: A regularization method for convolutional networks](
        https://arxiv.org/abs/1810.12890), algorithm 1 and equation 1.

    Differences from the paper: its equation for the probability `gamma` that a block
    starts at a position neglects that blocks overlap, and drops less than `rate`; here
    `gamma` is solved for, so that the expected share is `rate`. As there, the factor
    is that of the whole batch.

    Example:

    >>> layer = DropBlock(0.2, block_size=3, seed=1)
    >>> y = layer(keras.ops.ones((64, 12, 12, 4)), training=True)
    >>> round(float(keras.ops.mean(y)), 4)  # the mean is kept
    1.0
    """

    def __init__(
        self,
        rate: Rate,
        block_size: int = 7,
        per_channel: bool = False,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.data_format, self.axis = check_data_format(data_format)
        meaning = "the side of a block in positions"
        self.block_size = check_integer("block_size", block_size, meaning, minimum=1)
        self.per_channel = bool(per_channel)

    def build(self, input_shape: Shape) -> None:
        check_positions(self, input_shape, "keras.layers.Dropout")
        feature_size(self, input_shape, self.axis)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        check_float(self, inputs)
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_noise()
        return _drop_blocks(
            inputs,
            seed,
            rate,
            axis=self.axis,
            block_size=self.block_size,
            per_channel=self.per_channel,
            # A number makes the start probability a constant of the program.
            fixed_rate=self._rate.constant,
        )

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "block_size": self.block_size,
            "per_channel": self.per_channel,
            "data_format": self.data_format,
        }


def _forward(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    *,
    axis: int,
    block_size: int,
    per_channel: bool,
    fixed_rate: float | None,
) -> WithResiduals:
    sizes = list(ops.shape(x))
    batch, channels = sizes.pop(0), sizes.pop(axis if axis < 0 else axis - 1)
    masks = batch * channels if per_channel else batch
    fraction = rate if fixed_rate is None else fixed_rate
    blocks = random_blocks(masks, sizes, block_size, fraction, seed)
    blocks = ops.reshape(blocks, (batch, channels if per_channel else 1, *sizes))
    if axis == -1:
        blocks = ops.moveaxis(blocks, 1, -1)
    # Over the mean kept share; where nothing is kept, the factor does not matter.
    kept = 1.0 - ops.mean(blocks)
    scale = 1.0 / ops.where(kept > 0.0, kept, 1.0)
    residuals = (blocks > 0, scale)
    return drop(x, *residuals), residuals


def _backward(gradient: Tensor, is_dropped: Tensor, scale: Tensor, **_: Any) -> Tensor:
    return drop(gradient, is_dropped, scale)


_drop_blocks = _backend.kernel(_forward, _backward)
