"""How long a network with noise waits for its first training step.

A step is traced and compiled when it is first called. Each call is in a process of its
own, and the kinds take turns: no noise, `SpatialDropout2D` and `SpatialRotationOut`
before every convolution.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import keras
import numpy as np

from benchmarks.candidates import make, set_dtype
from benchmarks.cases import APPLICATIONS, Plan
from benchmarks.networks import NONE
from benchmarks.record import Row
from benchmarks.targets import FIRST_STEP
from keras_regnoise import placement

_KINDS = (NONE, FIRST_STEP.reference, "SpatialRotationOut")
_REPEATS = 3
_BATCH, _PIXELS, _CLASSES = 32, 32, 10
# An eager call compiles nothing: on torch it is torch.compile that makes one wait.
_COMPILING = {"torch-eager": "torch-compile"}


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    for network in plan.networks or (() if plan.quick else APPLICATIONS):
        for mode in plan.modes_of(backend) if network in APPLICATIONS else ():
            shape = f"{network}, {_PIXELS} pixels, batch {_BATCH}"
            mode = _COMPILING.get(mode, mode)
            template = Row("first_step", backend, mode, "", shape, plan.dtype)
            seconds = _seconds(network, template, min(plan.repeats, _REPEATS))
            yield from _rows(template, seconds)


def _seconds(network: str, template: Row, repeats: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for _ in range(repeats):
        for kind in _KINDS:
            run = (network, kind, template.mode, template.dtype)
            seconds[kind].append(_in_own_process(*run))
    return seconds


def _rows(template: Row, seconds: dict[str, list[float]]) -> Iterator[Row]:
    medians = {kind: 1e3 * statistics.median(seconds[kind]) for kind in _KINDS}
    for kind in _KINDS:
        ratio = medians[kind] / medians[FIRST_STEP.reference]
        is_ours = kind == _KINDS[-1]
        yield Row(
            template.suite,
            template.backend,
            template.mode,
            kind,
            template.shape,
            template.dtype,
            median_ms=medians[kind],
            spread=(max(seconds[kind]) - min(seconds[kind])) * 1e3 / medians[kind],
            reference=FIRST_STEP.reference,
            reference_ms=medians[FIRST_STEP.reference],
            ratio_to_reference=ratio,
            target=FIRST_STEP.limit if is_ours else None,
            meets_target=ratio <= FIRST_STEP.limit if is_ours else None,
        )


def _in_own_process(network: str, kind: str, mode: str, dtype: str) -> float:
    command = [sys.executable, "-m", "benchmarks.first_step", network, kind, mode]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    done = subprocess.run(
        [*command, dtype], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def first_step_seconds(network: str, kind: str, mode: str, dtype: str) -> float:
    """Build a network, and time the first step of `fit`."""
    set_dtype(dtype)
    model = getattr(keras.applications, network)(
        weights=None, input_shape=(_PIXELS, _PIXELS, 3), classes=_CLASSES
    )
    if kind != NONE:
        model = placement.insert(
            model, lambda layer: make(kind), before=(keras.layers.Conv2D,)
        )
    jit = mode != "tensorflow-graph"
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
    images = np.random.default_rng(0).normal(size=(_BATCH, _PIXELS, _PIXELS, 3))
    labels = np.arange(_BATCH) % _CLASSES
    start = time.perf_counter()
    model.fit(images.astype("float32"), labels, batch_size=_BATCH, verbose=0)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(first_step_seconds(*sys.argv[1:]))
