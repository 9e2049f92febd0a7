from typing import Any

import keras
from keras import ops

from keras_regnoise import _backend
from keras_regnoise._arguments import check_choice
from keras_regnoise._typing import (
    Config,
    Rate,
    Shape,
    Tensor,
    WithResiduals,
)
from keras_regnoise.layers._base.checks import (
    check_axis,
    check_float,
    check_mask,
    feature_size,
    warn_of_one_vector,
)
from keras_regnoise.layers._base.noise_layer import NoiseLayer
from keras_regnoise.ops.pairing import pairing, pairing_per_sample
from keras_regnoise.ops.rotate import (
    centered_rotation,
    rotation_gradient,
    rotation_tangent,
    rotation_weights,
    unpaired_correction,
)
from keras_regnoise.ops.tangents import ANGLES, sample_tangents

PERMUTATIONS = ("batch", "sample")


@keras.saving.register_keras_serializable(package="keras_regnoise")
class RotationOut(NoiseLayer):
    """Rotates each feature vector by a random angle in random planes.

    In training the features are paired at random, and every feature vector is rotated
    about the mean vector of the batch, in the plane of each pair, by one random angle
    `theta`, divided by `cos(theta)`. The noise of a feature is its partner's activation
    and not its own, as it is in Dropout, so that features are discouraged from relying
    on one another. The expected output is the input, and at inference the layer is the
    identity.

    `RotationOut(rate)` adds as much noise as `keras.layers.Dropout(rate)`: for a fixed
    input `x` of `D` features and `center=False`, the covariance of the output is
    `rate / (1 - rate) / (D - 1) * (x^T x I - x x^T)`.

    Args:
        rate: Float in [0, 1), the strength of the noise as in `keras.layers.Dropout`,
            or a `keras.optimizers.schedules.LearningRateSchedule` of the layer's
            training steps. The paper's keep rate is `1 - rate`. 0 is the identity.
        angles: Distribution of the angle, `"gaussian"` (default: a Gaussian tangent),
            `"uniform"` or `"truncated_gaussian"`, all with the same mean square
            tangent `rate / (1 - rate)`.
        center: Whether to rotate about the mean over every axis but `axis` (masked
            time steps left out) or about the origin. Defaults to True. A single vector,
            as in a last batch of one, is its own mean, about which there would be no
            noise: it is rotated about the origin, with a warning where the size of the
            batch is known beforehand.
        permutation: `"batch"` (default) for one pairing per call, `"sample"` for one
            per sample.
        axis: Integer, the feature axis. Defaults to -1.
        seed: Optional integer.
        **kwargs: Those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of any rank from 2 on; only the size of `axis` must be
            known.
        training: Whether to add noise.
        mask: Optional boolean mask of the leading axes of `inputs`.

    Reference:
        [RotationOut as a Regularization Method for Neural Network](
        https://openreview.net/forum?id=r1e7M6VYwH), equations 2, 3 and 9, Lemma 1.

    Differences from the paper: it has an even number of features; with an odd number
    `D` one feature, drawn at random, is left as it is and the tangents grow by
    `sqrt(D / (D - 1))`, so that the covariance above holds for every `D > 1`.
    `permutation="batch"` is what the authors' code does, `"sample"` their equation 4;
    every sample's pairing is uniform, and two of one call have the same pairs or none.
    Their code also ramps the noise up over 1000 steps: give `rate` a schedule for it.

    Example:

    >>> layer = RotationOut(0.2, seed=1)
    >>> x = keras.ops.ones((8, 64))
    >>> bool(keras.ops.all(layer(x) == x))
    True
    >>> layer(x, training=True).shape == x.shape
    True
    """

    def __init__(
        self,
        rate: Rate,
        angles: str = "gaussian",
        center: bool = True,
        permutation: str = "batch",
        axis: int = -1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.angles = check_choice("angles", angles, ANGLES)
        self.center = bool(center)
        self.permutation = check_choice("permutation", permutation, PERMUTATIONS)
        self.axis = check_axis(axis)

    def build(self, input_shape: Shape) -> None:
        feature_size(self, input_shape, self.axis)

    def call(
        self, inputs: Tensor, training: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        check_float(self, inputs)
        if not training or self.rate == 0 or inputs.shape[self.axis] == 1:
            return inputs
        if self.center:
            warn_of_one_vector(self, inputs, "as with center=False")
        rate, seed = self.next_noise()
        check_mask(inputs, mask, self.axis)
        return (_rotate_each if self.permutation == "sample" else _rotate)(
            inputs,
            seed,
            rate,
            mask,
            axis=self.axis,
            angles=self.angles,
            center=self.center,
        )

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "angles": self.angles,
            "center": self.center,
            "permutation": self.permutation,
            "axis": self.axis,
        }


@_backend.shared
def _draw(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    **options: Any,
) -> tuple[Tensor, ...]:
    """Draw a pairing and tangents; returns them and the weights of the mean."""
    partner, sign = pairing(ops.shape(x)[axis], None, seed)
    return partner, sign, *_draw_tangents(x, seed, rate, mask, axis=axis, **options)


def _draw_tangents(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    angles: str,
    center: bool,
) -> tuple[Tensor, Tensor | None]:
    shape = list(ops.shape(x))
    dim, shape[axis] = shape[axis], 1
    tangent = sample_tangents(shape, rate, angles, seed)
    tangent = _backend.once(tangent * unpaired_correction(dim))
    return tangent, rotation_weights(x, mask, tangent, axis) if center else None


def _forward(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    **options: Any,
) -> WithResiduals:
    partner, sign, tangent, weights = _draw(x, seed, rate, mask, axis=axis, **options)
    masked = mask is not None
    return centered_rotation(x, partner, sign, tangent, weights, axis, masked)


def _forward_each(
    x: Tensor,
    seed: Tensor,
    rate: Tensor,
    mask: Tensor | None,
    *,
    axis: int,
    **options: Any,
) -> WithResiduals:
    partner, sign = pairing_per_sample(x.shape[axis], ops.shape(x)[0], seed)
    tangent, weights = _draw_tangents(x, seed, rate, mask, axis=axis, **options)
    masked = mask is not None
    return centered_rotation(x, partner, sign, tangent, weights, axis, masked)


_rotate = _backend.kernel(_forward, rotation_gradient, rotation_tangent, in_pieces=True)
_rotate_each = _backend.kernel(_forward_each, rotation_gradient, rotation_tangent)
