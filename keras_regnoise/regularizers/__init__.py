"""Keras regularizers."""

from keras_regnoise.regularizers.variance_constancy import (
    VarianceConstancy as VarianceConstancy,
)

__all__ = ["VarianceConstancy"]
