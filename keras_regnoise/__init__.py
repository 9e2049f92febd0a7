"""Noise as regularization for Keras 3.

`VarianceConstancy` at this level is the layer; the regularizer and the callback of
the same name are in `keras_regnoise.regularizers` and `keras_regnoise.callbacks`.
`studies`, `report` and `datasets` need the extra `studies`, and are imported when they
are asked for.
"""

import importlib
import sys
from typing import TYPE_CHECKING

from keras_regnoise._version import __version__ as __version__

if TYPE_CHECKING:
    from keras_regnoise import analysis as analysis
    from keras_regnoise import callbacks as callbacks
    from keras_regnoise import datasets as datasets
    from keras_regnoise import layers as layers
    from keras_regnoise import models as models
    from keras_regnoise import ops as ops
    from keras_regnoise import placement as placement
    from keras_regnoise import regularizers as regularizers
    from keras_regnoise import studies as studies
    from keras_regnoise import training as training
    from keras_regnoise import tuning as tuning
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
    from keras_regnoise.studies import report as report

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
    "datasets",
    "layers",
    "models",
    "ops",
    "placement",
    "regularizers",
    "report",
    "studies",
    "training",
    "tuning",
]

_CORE = (
    *("analysis", "callbacks", "layers", "models", "ops", "placement"),
    *("regularizers", "training", "tuning"),
)
_PACKAGES = {name: name for name in (*_CORE, "datasets", "studies")} | {
    "report": "studies.report"
}


def __getattr__(name: str) -> object:
    if name in _PACKAGES:
        return importlib.import_module(f"{__name__}.{_PACKAGES[name]}")
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.layers"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# A process that loads a model imports this package, to have its layers known to Keras;
# the command must not wait for Keras to read a folder.
_command = sys.modules.get("keras_regnoise_command")
_by_name = sys.orig_argv[1:3] == ["-m", __name__]
if not (_by_name or getattr(_command, "started", False)):
    for _name in _CORE:
        importlib.import_module(f"{__name__}.{_name}")
