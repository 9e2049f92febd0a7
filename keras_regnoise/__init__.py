"""Noise as regularization for Keras 3.

`VarianceConstancy` at this level is the layer; the regularizer and the callback of
the same name are in `keras_regnoise.regularizers` and `keras_regnoise.callbacks`.
"""

from keras_regnoise import analysis as analysis
from keras_regnoise import callbacks as callbacks
from keras_regnoise import layers as layers
from keras_regnoise import models as models
from keras_regnoise import ops as ops
from keras_regnoise import placement as placement
from keras_regnoise import regularizers as regularizers
from keras_regnoise import training as training
from keras_regnoise import tuning as tuning
from keras_regnoise._version import __version__ as __version__
from keras_regnoise.layers import CenteredDropout as CenteredDropout
from keras_regnoise.layers import CrossNormalization as CrossNormalization
from keras_regnoise.layers import DropActivation as DropActivation
from keras_regnoise.layers import DropBlock as DropBlock
from keras_regnoise.layers import DropConnect as DropConnect
from keras_regnoise.layers import DropPath as DropPath
from keras_regnoise.layers import ICLayer as ICLayer
from keras_regnoise.layers import RandomizedLeakyReLU as RandomizedLeakyReLU
from keras_regnoise.layers import RotationOut as RotationOut
from keras_regnoise.layers import SpatialRotationOut as SpatialRotationOut
from keras_regnoise.layers import UniformNoise as UniformNoise
from keras_regnoise.layers import VarianceConstancy as VarianceConstancy
from keras_regnoise.layers import WeightNoise as WeightNoise
from keras_regnoise.layers import ZCAWhitening as ZCAWhitening

__all__ = [
    "CenteredDropout",
    "CrossNormalization",
    "DropActivation",
    "DropBlock",
    "DropConnect",
    "DropPath",
    "ICLayer",
    "RandomizedLeakyReLU",
    "RotationOut",
    "SpatialRotationOut",
    "UniformNoise",
    "VarianceConstancy",
    "WeightNoise",
    "ZCAWhitening",
    "__version__",
    "analysis",
    "callbacks",
    "layers",
    "models",
    "ops",
    "placement",
    "regularizers",
    "training",
    "tuning",
]
