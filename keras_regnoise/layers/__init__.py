"""Keras layers that add noise in training and are free at inference."""

from keras_regnoise.layers.drop_activation import DropActivation as DropActivation
from keras_regnoise.layers.ic_layer import ICLayer as ICLayer
from keras_regnoise.layers.noise_layer import NoiseLayer as NoiseLayer
from keras_regnoise.layers.rotation_out import RotationOut as RotationOut
from keras_regnoise.layers.spatial_rotation_out import (
    SpatialRotationOut as SpatialRotationOut,
)
from keras_regnoise.layers.variance_constancy import (
    VarianceConstancy as VarianceConstancy,
)

__all__ = [
    "DropActivation",
    "ICLayer",
    "NoiseLayer",
    "RotationOut",
    "SpatialRotationOut",
    "VarianceConstancy",
]
