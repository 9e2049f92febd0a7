"""Forward and backward pass of one layer."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks import backends
from benchmarks.candidates import make_chain, random_tensor
from benchmarks.cases import IDENTITY, SHAPES, Plan, all_names, references
from benchmarks.record import Row
from benchmarks.targets import COPY_TARGETS, LAYER_TARGETS
from benchmarks.timing import Timing, interleave

COPY = "copy"
ITEM_SIZE = {"float32": 4, "bfloat16": 2, "float16": 2}


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    for mode in plan.modes_of(backend):
        for label in plan.shapes:
            chosen = references(plan, mode, SHAPES[label])
            template = Row("layers", backend, mode, "", label, plan.dtype)
            if chosen:
                yield from _rows(template, _timings(template, plan, chosen), chosen)


def _timings(
    template: Row, plan: Plan, chosen: Mapping[str, list[str]]
) -> dict[str, Timing]:
    module, shape = backends.load(template.backend), SHAPES[template.shape]
    x, g = (random_tensor(shape, plan.dtype, seed) for seed in (1, 2))
    runs = {
        name: module.layer_step(template.mode, make_chain(name, shape), x, g)
        for name in all_names(chosen)
    }
    runs[COPY] = module.copy(x, g)
    return interleave(runs, plan.repeats, module.wait, budget_s=plan.budget_s)


def _rows(
    template: Row, timings: Mapping[str, Timing], chosen: Mapping[str, list[str]]
) -> Iterator[Row]:
    has_device = bool(backends.load(template.backend).device_name())
    for name in all_names(chosen):
        compared = chosen.get(name, [IDENTITY])
        if has_device and name in COPY_TARGETS:
            compared = [*compared, COPY]
        for reference in compared:
            yield _row(template, name, reference, timings)


def _row(
    template: Row, layer: str, reference: str, timings: Mapping[str, Timing]
) -> Row:
    time, base, other = (timings[name] for name in (layer, IDENTITY, reference))
    limit = _limit(template.mode, layer, reference)
    ratio = time.median_ms / other.median_ms
    # Two tensors are read and two written.
    gigabytes = 4e-9 * math.prod(SHAPES[template.shape]) * ITEM_SIZE[template.dtype]
    return replace(
        template,
        layer=layer,
        median_ms=time.median_ms,
        spread=time.spread,
        identity_ms=base.median_ms,
        reference=reference,
        reference_ms=other.median_ms,
        ratio_to_identity=time.median_ms / base.median_ms,
        ratio_to_reference=ratio,
        target=limit,
        meets_target=None if limit is None else ratio <= limit,
        gb_per_s=1e3 * gigabytes / time.median_ms,
        copy_gb_per_s=1e3 * gigabytes / timings[COPY].median_ms,
    )


def _limit(mode: str, layer: str, reference: str) -> float | None:
    if reference == COPY:
        return COPY_TARGETS.get(layer)
    target = LAYER_TARGETS.get(layer, {}).get(mode)
    return target.limit if target and target.reference == reference else None
