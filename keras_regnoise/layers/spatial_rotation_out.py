from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_choice, check_integer, check_number
from keras_regnoise._seeds import Stream
from keras_regnoise._typing import Config, Rate, Shape, Tensor, WithResiduals
from keras_regnoise.layers._base.checks import (
    check_data_format,
    check_float,
    check_mask,
    check_positions,
    feature_size,
    warn_of_one_vector,
)
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops.pairing import pairing
from keras_regnoise.ops.random_blocks import random_blocks
from keras_regnoise.ops.rotate import (
    centered_rotation,
    rotation_gradient,
    rotation_tangent,
    rotation_weights,
    unpaired_correction,
)
from keras_regnoise.ops.tangents import ANGLES, sample_tangents


@keras.saving.register_keras_serializable(package="keras_regnoise")
class SpatialRotationOut(NoiseLayer):
    """RotationOut for sequences, images and volumes: same planes at every position.

    All positions of a call are rotated in the same random planes. Within one sample
    all angles have the same sign and differ in size, so that the rotations of
    neighbours do not cancel where a convolution or a pooling adds them up; the sign is
    drawn per sample. For sequences this is the recurrent form of the paper: the same
    directions at every time step, an angle of its own at each.

    Args:
        rate: Float in [0, 1), the strength of the noise as in `keras.layers.Dropout`,
            or a `keras.optimizers.schedules.LearningRateSchedule` of the layer's
            training steps. The paper's keep rate is `1 - rate`. 0 is the identity.
        angles: Distribution of the angle, `"gaussian"` (default), `"uniform"` or
            `"truncated_gaussian"`, all with mean square tangent `rate / (1 - rate)`.
        center: Whether to rotate about the mean over batch and positions (masked time
            steps left out) or about the origin. Defaults to True. A batch of one sample
            of one position is its own mean and is rotated about the origin, as in
            `RotationOut`.
        block_size: Rotate only inside random contiguous blocks of this side, and leave
            every other position as it is. Cut to the size of a smaller map, which is
            then rotated as a whole or not at all. Defaults to None, every position.
        block_fraction: Expected share of the positions inside a block, in (0, 1).
            Defaults to 0.1. Only with `block_size`.
        shared_angle: Whether all positions of a sample share one angle. Defaults to
            False.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, *spatial, channels)` or `(batch, channels,
            *spatial)` of rank 3, 4 or 5; only the number of channels must be known.
        training: Whether to add noise.
        mask: Optional boolean mask of the leading axes of `inputs`.

    Reference:
        [RotationOut as a Regularization Method for Neural Network](
        https://openreview.net/forum?id=r1e7M6VYwH), equations 10 and 11; for
        `block_size`, table 2: RotationOut (Block), 7 in Res3 and 3 in Res4.

    Differences from the paper: equation 11 has one-sided angles throughout. With
    planes that the batch shares, that makes the noise of its samples correlated by
    0.75; a sign per sample removes that and keeps what it was for. The authors' code
    is `shared_angle=True`.

    Example:

    >>> layer = SpatialRotationOut(0.1, block_size=3, seed=1)
    >>> tuple(layer(keras.ops.ones((8, 16, 16, 32)), training=True).shape)
    (8, 16, 16, 32)
    """

    def __init__(
        self,
        rate: Rate,
        angles: str = "gaussian",
        center: bool = True,
        block_size: int | None = None,
        block_fraction: float = 0.1,
        shared_angle: bool = False,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.angles = check_choice("angles", angles, ANGLES)
        self.data_format, self.axis = check_data_format(data_format)
        self.center = bool(center)
        self.block_size = _checked_block_size(block_size)
        self.block_fraction = check_number(
            "block_fraction", block_fraction, _FRACTION, above=0, below=1
        )
        self.shared_angle = bool(shared_angle)

    def build(self, input_shape: Shape) -> None:
        check_positions(self, input_shape, "keras_regnoise.layers.RotationOut")
        feature_size(self, input_shape, self.axis)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        if not training or self.rate == 0 or inputs.shape[self.axis] == 1:
            return inputs
        if self.center:
            warn_of_one_vector(self, inputs, "as with center=False")
        check_mask(inputs, mask, self.axis)
        rate, seed = self.next_noise()
        return _rotate(
            inputs,
            seed,
            rate,
            mask,
            axis=self.axis,
            angles=self.angles,
            center=self.center,
            block=(self.block_size, self.block_fraction) if self.block_size else None,
            shared_angle=self.shared_angle,
        )

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "angles": self.angles,
            "center": self.center,
            "block_size": self.block_size,
            "block_fraction": self.block_fraction,
            "shared_angle": self.shared_angle,
            "data_format": self.data_format,
        }


@_backend.shared
def _draw(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    angles: str,
    center: bool,
    shared_angle: bool,
) -> tuple[Tensor, ...]:
    """Draw a pairing and tangents; returns them and the weights of the mean."""
    shape = ops.shape(x)
    partner, sign = pairing(shape[axis], None, seed)
    per_sample = [shape[0], *[1] * (len(shape) - 1)]
    per_position = [*shape]
    per_position[axis] = 1
    if shared_angle:
        tangent = sample_tangents(per_sample, rate, angles, seed)
    else:
        tangent = sample_tangents(per_position, rate, angles, seed, one_sided=True)
        is_negative = _backend.bernoulli(per_sample, 0.5, seed, Stream.SIGN)
        tangent = ops.where(is_negative, -tangent, tangent)
    tangent = _backend.once(tangent * unpaired_correction(shape[axis]))
    weights = rotation_weights(x, mask, tangent, axis) if center else None
    return partner, sign, tangent, weights


@_backend.shared
def _draw_blocks(
    x: Tensor, seed: Tensor, *, axis: int, block: tuple[int, float]
) -> Tensor:
    shape = list(ops.shape(x))
    del shape[axis]
    inside = random_blocks(shape[0], shape[1:], block[0], block[1], seed)
    return ops.expand_dims(inside, axis)


def _forward(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    block: tuple[int, float] | None,
    **options: Any,
) -> WithResiduals:
    masked = mask is not None
    partner, sign, tangent, weights = _draw(x, seed, rate, mask, axis=axis, **options)
    if block is None:
        return centered_rotation(x, partner, sign, tangent, weights, axis, masked)
    inside = _draw_blocks(x, seed, axis=axis, block=block)
    # The product serves the gradient; the selection keeps the rest bit by bit.
    y, residuals = centered_rotation(
        x, partner, sign, tangent * inside, weights, axis, masked
    )
    return ops.where(inside > 0, y, x), residuals


_rotate = _backend.kernel(_forward, rotation_gradient, rotation_tangent, in_pieces=True)


_FRACTION = (
    "the expected share of the positions inside a block; block_size=None rotates all "
    "of them"
)


def _checked_block_size(block_size: object) -> int | None:
    if block_size is None:
        return None
    meaning = "the side of a block in positions, or None (rotate everywhere)"
    return check_integer("block_size", block_size, meaning, minimum=1)
