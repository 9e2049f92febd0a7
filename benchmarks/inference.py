"""Whether a layer costs anything once the model is exported."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras

from benchmarks import backends
from benchmarks.candidates import RATE, make
from benchmarks.cases import Plan
from benchmarks.record import Row

_IMAGE = (8, 8, 16)
# What remains of a layer at inference; of the others, nothing.
_REMAINS: dict[str, Any] = {
    "DropActivation": lambda: keras.layers.LeakyReLU(negative_slope=RATE),
    "ICLayer": keras.layers.BatchNormalization,
}


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    count = backends.load(backend).graph_operations
    for name in plan.layers:
        remains = [_REMAINS[name]()] if name in _REMAINS else []
        noisy, plain = count(_model([make(name)])), count(_model(remains))
        yield Row(
            "inference",
            backend,
            backend,
            name,
            "x".join(map(str, _IMAGE)),
            plan.dtype,
            reference=type(remains[0]).__name__ if remains else "none",
            meets_target=noisy == plain,
            note=difference(noisy, plain),
        )


def _model(layers: list[Any]) -> Any:
    convolution = keras.layers.Conv2D
    return keras.Sequential(
        [keras.Input(_IMAGE), convolution(16, 3), *layers, convolution(16, 3)]
    )


def difference(noisy: Counter[str], plain: Counter[str]) -> str:
    """Say which operations one graph has more often than the other."""
    more = [f"+{count} {name}" for name, count in sorted((noisy - plain).items())]
    fewer = [f"-{count} {name}" for name, count in sorted((plain - noisy).items())]
    return ", ".join(more + fewer) or f"same {noisy.total()} operations"
