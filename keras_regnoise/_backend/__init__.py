"""What differs between the backends of Keras, and only that.

Every module here offers the same names:

- ``uniform(shape, seed, stream)``, ``normal(shape, seed, stream)`` and
  ``bernoulli(shape, rate, seed, stream)``: draws that depend on ``seed`` (the two
  integers of a ``SeedGenerator``) and on ``stream`` (which separates several draws made
  with one seed) and on nothing else;
- ``once(draw)``: a draw that is not computed again by each of those who use it;
- ``permutation(size, seed, stream)``: one at random, and its inverse;
- ``local_seed(seed)``: the seed of this replica;
- ``renew_programs(variable)``: what is compiled with it is built anew;
- ``compiled(function)``: the function, compiled where that pays;
- ``shared(function)``: the function, traced once for all sizes;
- ``piece(function)``: one or the other, as pays for its input;
- ``kernel(forward, backward, tangent)``: one operation with derivatives;
- ``leading_rows(x, count)``: `x` and its first rows, which share one gradient;
- ``take(x, indices, axis)``, ``take_per_sample(x, indices, axis)``, ``look_up(table,
  indices)``: what stands there;
- ``add_turned(x, tangent, sign, partners)``: the last step of a rotation;
- ``variance(x, size)``: the unbiased variance over the first axis, of a few rows;
- ``weighted_sum(x, weights)``: the sum over positions behind a feature mean, and
  ``weighted_sums(x, weights)``: those of the samples;
- ``Unseeded()``: the framework's own generator, seeded for a while, for what has no
  ``SeedGenerator``;
- ``Recorder(model)``: the mean of a value computed inside training steps, and whether
  it was part of what they took the gradient of.
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
add_turned = _module.add_turned
as_tensor = _module.as_tensor
Unseeded = _module.Unseeded
bernoulli = _module.bernoulli
compiled = _module.compiled
kernel = _module.kernel
leading_rows = _module.leading_rows
local_seed = _module.local_seed
look_up = _module.look_up
normal = _module.normal
once = _module.once
permutation = _module.permutation
renew_programs = _module.renew_programs
piece = _module.piece
shared = _module.shared
take = _module.take
take_per_sample = _module.take_per_sample
uniform = _module.uniform
variance = _module.variance
weighted_sum = _module.weighted_sum
weighted_sums = _module.weighted_sums
