"""The papers' architectures, each a depth, some widths and a unit of words.

A unit is a tuple that says in which order the layers around a weight stand:

- `"conv"` (`"dense"`, `"lstm"`) is the weight layer,
- `"relu"` the activation, whichever that is,
- `"norm"` batch normalization,
- `"ic"` an independent-component layer,
- `"vcl"` the Variance Constancy Loss,
- `"noise"` the noise layer of your choice, in the stages of your choice.

A tuple with one weight is repeated for every weight of a residual unit; one that
holds them all is taken as it is. What precedes the weight also precedes the
classifier. Every model is a functional `keras.Model` for channels-last data, and two
models with one seed share their initial weights wherever they share a layer's name.

Example:
    >>> from keras_regnoise import models
    >>> baseline = models.resnet(8, ("conv", "norm", "relu"), seed=1)
    >>> ic = models.resnet(8, ("relu", "ic", "conv"), seed=1)
    >>> baseline.count_params() == ic.count_params()
    True
"""

from keras_regnoise._seeds import derived_seed as derived_seed
from keras_regnoise.models._options import ImageOptions as ImageOptions
from keras_regnoise.models._options import ResidualOptions as ResidualOptions
from keras_regnoise.models._options import WordOptions as WordOptions
from keras_regnoise.models._units import BASELINE as BASELINE
from keras_regnoise.models._units import IC_UNITS as IC_UNITS
from keras_regnoise.models._units import PREACTIVATION as PREACTIVATION
from keras_regnoise.models.convnets import convnet as convnet
from keras_regnoise.models.convnets import elu_network as elu_network
from keras_regnoise.models.ctc import lstm_ctc as lstm_ctc
from keras_regnoise.models.densenet import densenet as densenet
from keras_regnoise.models.mlp import mlp as mlp
from keras_regnoise.models.mlp import regressor as regressor
from keras_regnoise.models.resnet import imagenet_resnet as imagenet_resnet
from keras_regnoise.models.resnet import preact_resnet as preact_resnet
from keras_regnoise.models.resnet import resnet as resnet
from keras_regnoise.models.resnet import resnet18 as resnet18
from keras_regnoise.models.resnet import wide_resnet as wide_resnet
from keras_regnoise.models.resnext import resnext as resnext

__all__ = [
    "BASELINE",
    "IC_UNITS",
    "PREACTIVATION",
    "ImageOptions",
    "ResidualOptions",
    "WordOptions",
    "convnet",
    "densenet",
    "derived_seed",
    "elu_network",
    "imagenet_resnet",
    "lstm_ctc",
    "mlp",
    "preact_resnet",
    "regressor",
    "resnet",
    "resnet18",
    "resnext",
    "wide_resnet",
]
