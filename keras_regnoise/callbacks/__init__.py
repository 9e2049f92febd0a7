"""Keras callbacks."""

from keras_regnoise.callbacks.variance_constancy import (
    VarianceConstancy as VarianceConstancy,
)

__all__ = ["VarianceConstancy"]
