"""Procedures of training that are more than one `fit`."""

from keras_regnoise.training.refit import Refit as Refit
from keras_regnoise.training.refit import refit as refit

__all__ = ["Refit", "refit"]
