"""Keras layers that add noise in training and are free at inference."""

from keras_regnoise.layers._base.noise_layer import NoiseLayer as NoiseLayer
from keras_regnoise.layers.centered_dropout import CenteredDropout as CenteredDropout
from keras_regnoise.layers.cross_normalization import (
    CrossNormalization as CrossNormalization,
)
from keras_regnoise.layers.drop_activation import DropActivation as DropActivation
from keras_regnoise.layers.drop_block import DropBlock as DropBlock
from keras_regnoise.layers.drop_connect import DropConnect as DropConnect
from keras_regnoise.layers.drop_path import DropPath as DropPath
from keras_regnoise.layers.ic_layer import ICLayer as ICLayer
from keras_regnoise.layers.randomized_leaky_relu import (
    RandomizedLeakyReLU as RandomizedLeakyReLU,
)
from keras_regnoise.layers.rotation_out import RotationOut as RotationOut
from keras_regnoise.layers.spatial_rotation_out import (
    SpatialRotationOut as SpatialRotationOut,
)
from keras_regnoise.layers.uniform_noise import UniformNoise as UniformNoise
from keras_regnoise.layers.variance_constancy import (
    VarianceConstancy as VarianceConstancy,
)
from keras_regnoise.layers.weight_noise import WeightNoise as WeightNoise
from keras_regnoise.layers.zca_whitening import ZCAWhitening as ZCAWhitening

__all__ = [
    "CenteredDropout",
    "CrossNormalization",
    "DropActivation",
    "DropBlock",
    "DropConnect",
    "DropPath",
    "ICLayer",
    "NoiseLayer",
    "RandomizedLeakyReLU",
    "RotationOut",
    "SpatialRotationOut",
    "UniformNoise",
    "VarianceConstancy",
    "WeightNoise",
    "ZCAWhitening",
]
