"""Making and building a layer, without a draw."""

import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

from benchmarks.candidates import make
from benchmarks.cases import Plan
from benchmarks.record import Row
from benchmarks.targets import CONSTRUCTION_BYTES_PER_FEATURE, CONSTRUCTION_MS
from benchmarks.timing import interleave

_LAYER = "RotationOut"
_FEATURES = (64, 640, 4096)


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    if _LAYER not in plan.layers:
        return
    runs = {str(features): _maker(features) for features in _FEATURES}
    timings = interleave(runs, plan.repeats, lambda result: None)
    memory = {features: _bytes(features) for features in _FEATURES}
    for features in _FEATURES:
        time, limit = timings[str(features)], CONSTRUCTION_MS.get(features)
        growth = memory[features] - memory[_FEATURES[0]]
        is_linear = growth <= CONSTRUCTION_BYTES_PER_FEATURE * features
        yield Row(
            "construction",
            backend,
            backend,
            _LAYER,
            f"{features} features",
            plan.dtype,
            median_ms=time.median_ms,
            spread=time.spread,
            reference="limit" if limit else "",
            reference_ms=limit,
            ratio_to_reference=time.median_ms / limit if limit else None,
            target=1.0 if limit else None,
            meets_target=time.median_ms <= limit and is_linear if limit else is_linear,
            megabytes=memory[features] / 1e6,
            note=f"memory O(features): {'yes' if is_linear else 'no'}",
        )


def _maker(features: int) -> Any:
    def run() -> Any:
        layer = make(_LAYER)
        layer.build((None, features))
        return layer, layer.get_config()

    return run


def _bytes(features: int) -> int:
    """Peak of what Python and NumPy allocate, and the size of the variables."""
    run = _maker(features)
    run()
    tracemalloc.start()
    layer, _ = run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak + sum(4 * int(math.prod(v.shape)) for v in layer.variables)
