"""The mathematics of the layers as pure functions, the random draw an argument."""

from keras_regnoise.ops.centered_dropout import centered_dropout as centered_dropout
from keras_regnoise.ops.drop_activation import drop_activation as drop_activation
from keras_regnoise.ops.leave_one_out import (
    leave_one_out_moments as leave_one_out_moments,
)
from keras_regnoise.ops.pairing import random_pairing as random_pairing
from keras_regnoise.ops.random_draws import random_normal as random_normal
from keras_regnoise.ops.random_draws import random_uniform as random_uniform
from keras_regnoise.ops.rotate import rotate as rotate
from keras_regnoise.ops.tangents import sample_tangents as sample_tangents
from keras_regnoise.ops.variance_constancy import (
    variance_constancy_loss as variance_constancy_loss,
)

__all__ = [
    "centered_dropout",
    "drop_activation",
    "leave_one_out_moments",
    "random_normal",
    "random_pairing",
    "random_uniform",
    "rotate",
    "sample_tangents",
    "variance_constancy_loss",
]
