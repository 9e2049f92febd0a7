"""What a rotation's time consists of, as multiples of an identity."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks import backends
from benchmarks.candidates import make_chain, random_tensor
from benchmarks.cases import IDENTITY, SHAPES, Plan
from benchmarks.record import Row
from benchmarks.timing import interleave

_PARTS = (IDENTITY, "mean alone", "exchange alone", "RotationOut")


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    module = backends.load(backend)
    for mode in plan.modes_of(backend):
        for label in plan.shapes:
            shape = SHAPES[label]
            x, g = (random_tensor(shape, plan.dtype, seed) for seed in (1, 2))
            runs = {
                name: module.layer_step(mode, make_chain(name, shape), x, g)
                for name in _PARTS
            }
            times = interleave(runs, plan.repeats, module.wait, budget_s=plan.budget_s)
            template = Row("parts", backend, mode, "", label, plan.dtype)
            for name in _PARTS[1:]:
                yield replace(
                    template,
                    layer=name,
                    median_ms=times[name].median_ms,
                    spread=times[name].spread,
                    reference=IDENTITY,
                    reference_ms=times[IDENTITY].median_ms,
                    ratio_to_reference=times[name].median_ms
                    / times[IDENTITY].median_ms,
                )
