"""Which derivatives a layer has, beside Keras's Dropout.

Each is taken of the layer's output in training with the draw held fixed, and counts if
it is finite; the tests compare it with differences.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from keras import ops

from benchmarks.candidates import make, random_tensor
from benchmarks.cases import Plan
from benchmarks.differentiate import TOOLS, Function, held
from benchmarks.record import Row

_SHAPE = (4, 5, 6, 8)
_REFERENCE = "Dropout"


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    x, v = (random_tensor(_SHAPE, "float32", seed) for seed in (1, 2))
    ways = _ways(x, v)
    known = {way: _fault(_REFERENCE, take, x) for way, take in ways.items()}
    for layer in plan.layers:
        for way, take in ways.items():
            fault = _fault(layer, take, x)
            yield Row(
                "derivatives",
                backend,
                backend,
                layer,
                way,
                "float32",
                reference=_REFERENCE,
                meets_target=not fault or bool(known[way]),
                note=fault or "yes",
            )


def _ways(x: Any, v: Any) -> dict[str, Callable[[Function], Any]]:
    """Return every way of the backend, as a function of what is derived."""
    mapped = TOOLS.mapped
    ways: dict[str, Callable[[Function], Any]] = {
        "reverse": lambda f: TOOLS.gradient(f)(x),
        "forward": lambda f: TOOLS.tangent(f, x, v),
        "computed again": lambda f: TOOLS.gradient_of_saving(f, x),
    }
    for name, second in TOOLS.hessian_vectors.items():
        ways[f"Hessian, {name}"] = partial(_hessian_vector, second, x, v)
    if mapped:
        points = ops.stack([x, v])
        ways["several points"] = lambda f: mapped(TOOLS.gradient(f), points)
    return ways


def _hessian_vector(second: Any, x: Any, v: Any, function: Function) -> Any:
    return second(function, x, v)


def _fault(layer: str, take: Callable[[Function], Any], x: Any) -> str:
    """Return why a derivative cannot be taken, or nothing."""
    try:
        found = ops.convert_to_numpy(take(held(make(layer), x)))
    except Exception as error:  # whatever the framework says
        return (str(error).strip() or type(error).__name__).splitlines()[0]
    return "" if np.isfinite(found).all() else "it is not finite"
