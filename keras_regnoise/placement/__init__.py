"""Edits of an existing Keras model: noise in, noise out, nothing else changed."""

from keras_regnoise.placement.activations import (
    replace_activations as replace_activations,
)
from keras_regnoise.placement.fold import fold as fold
from keras_regnoise.placement.insert import insert as insert
from keras_regnoise.placement.plan import Change as Change
from keras_regnoise.placement.plan import Plan as Plan
from keras_regnoise.placement.plan import plan as plan
from keras_regnoise.placement.replace import replace as replace
from keras_regnoise.placement.set_rate import set_rate as set_rate
from keras_regnoise.placement.strip import KERAS_NOISE as KERAS_NOISE
from keras_regnoise.placement.strip import strip as strip

__all__ = [
    "KERAS_NOISE",
    "Change",
    "Plan",
    "fold",
    "insert",
    "plan",
    "replace",
    "replace_activations",
    "set_rate",
    "strip",
]
