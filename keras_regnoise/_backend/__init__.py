"""What differs between the backends of Keras, and only that.

Every module here offers the names of `contract.Backend`.
"""

import importlib
from typing import cast

import keras

from keras_regnoise._backend.contract import Backend as Backend

_TRAINING_BACKENDS = ("tensorflow", "jax", "torch")
_name = keras.config.backend()
_name = _name if _name in _TRAINING_BACKENDS else "plain"
_module = cast(Backend, importlib.import_module(f"keras_regnoise._backend.{_name}"))

Recorder = _module.Recorder
as_tensor = _module.as_tensor
bernoulli = _module.bernoulli
compiled = _module.compiled
kernel = _module.kernel
leading_rows = _module.leading_rows
local_seed = _module.local_seed
normal = _module.normal
renew_programs = _module.renew_programs
rotate = _module.rotate
take_per_sample = _module.take_per_sample
uniform = _module.uniform
variance = _module.variance
weighted_sum = _module.weighted_sum
