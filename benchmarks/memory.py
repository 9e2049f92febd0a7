"""What a layer keeps for the backward pass, and the peak of a training step."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks import backends
from benchmarks.candidates import make_chain, random_tensor, set_dtype
from benchmarks.cases import IDENTITY, REFERENCES, Plan
from benchmarks.networks import CHAIN_FILTERS, batch, chain
from benchmarks.record import Row
from benchmarks.targets import KEPT_SHARE, PEAK_RATIO

_SHAPE = (16, 16, 16, 64)
_BUILT_IN = ("Dropout", "BatchNormalization")
_BATCH_SIZE = 128
_DEPTHS = (2, 10)


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    yield from _kept_rows(backend, plan)
    for mode in () if plan.quick else plan.modes_of(backend):
        yield from _peak_rows(Row("memory", backend, mode, "", "", plan.dtype), plan)


def _kept_rows(backend: str, plan: Plan) -> Iterator[Row]:
    module = backends.load(backend)
    x, g = (random_tensor(_SHAPE, plan.dtype, seed) for seed in (1, 2))
    layers = [name for name in plan.layers if name in REFERENCES]
    for name in (IDENTITY, "ReLU", *_BUILT_IN, *layers):
        y, kept = module.residuals(make_chain(name, _SHAPE), x, g)
        extra, limit = kept_bytes(kept, (x, y, g)), KEPT_SHARE.get(name)
        share = extra / _bytes(x)
        yield Row(
            "memory",
            backend,
            backend,
            name,
            "x".join(map(str, _SHAPE)),
            plan.dtype,
            reference="one activation",
            ratio_to_reference=share,
            target=limit,
            meets_target=None if limit is None else share <= limit,
            megabytes=extra / 1e6,
            reference_megabytes=_bytes(x) / 1e6,
            note="kept for the backward pass",
        )


def kept_bytes(kept: Sequence[Any], shared: Sequence[Any]) -> int:
    """Count the bytes of distinct tensors that equal none of the shared ones.

    Those, such as the input and the output, are kept by the neighbours anyway.
    """
    seen = [_values(tensor) for tensor in shared]
    total = 0
    for tensor in kept:
        values = _values(tensor)
        if not any(np.array_equal(values, other) for other in seen):
            seen.append(values)
            total += _bytes(tensor)
    return total


def _values(tensor: Any) -> Any:
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))  # NumPy has no bfloat16


def _bytes(tensor: Any) -> int:
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return int(math.prod(tensor.shape) * np.dtype(dtype).itemsize)


def _peak_rows(template: Row, plan: Plan) -> Iterator[Row]:
    peaks = {
        arm: _growth_in_own_process(template.mode, arm, plan.dtype)
        for arm in (IDENTITY, *_BUILT_IN, *plan.layers)
    }
    for arm, peak in peaks.items():
        ratio, limit = peak / peaks[IDENTITY], PEAK_RATIO.get(arm)
        yield replace(
            template,
            layer=arm,
            shape=f"convolution, ReLU, layer; {_BATCH_SIZE}x32x32x{CHAIN_FILTERS}",
            reference=IDENTITY,
            ratio_to_reference=ratio,
            target=limit,
            meets_target=None if limit is None else ratio <= limit,
            megabytes=peak / 1e6,
            reference_megabytes=peaks[IDENTITY] / 1e6,
            note="peak of a training step, per unit",
        )


def _growth_in_own_process(mode: str, arm: str, dtype: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", mode, arm, dtype]
    # Freed tensors go back to the system at once and do not count any more.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    result = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    return float(result.stdout.split()[-1])


def _growth_per_unit(mode: str, arm: str, dtype: str) -> float:
    """Peak of a deep chain above that of a short one, which leaves constants out."""
    set_dtype(dtype)
    module, data = backends.load(keras.config.backend()), batch(_BATCH_SIZE)
    short, deep = (
        int(module.step_bytes(mode, chain(depth, arm), *data)) for depth in _DEPTHS
    )
    return (deep - short) / (_DEPTHS[1] - _DEPTHS[0])


if __name__ == "__main__":
    print(_growth_per_unit(*sys.argv[1:]))
