"""Keras callbacks."""

from keras_regnoise.callbacks.log_noise import LogNoise as LogNoise
from keras_regnoise.callbacks.variance_constancy import (
    VarianceConstancy as VarianceConstancy,
)

__all__ = ["LogNoise", "VarianceConstancy"]
