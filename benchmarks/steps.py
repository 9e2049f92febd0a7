"""Training steps of whole networks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks import backends
from benchmarks.cases import Plan
from benchmarks.networks import BATCH_SIZES, NONE, arms, batch, build, networks
from benchmarks.record import Row
from benchmarks.targets import STEP_TARGETS
from benchmarks.timing import Timing, interleave


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    device = backends.load(backend).device_name()
    for mode in plan.modes_of(backend):
        for network in networks(plan, device):
            label = f"{network}, batch {BATCH_SIZES[network]}"
            template = Row("steps", backend, mode, "", label, plan.dtype)
            timings = _timings(backend, mode, network, plan)
            for arm in timings:
                limit = STEP_TARGETS.get(network, {}).get(arm, {}).get(mode)
                yield _row(template, arm, timings, limit)


def _timings(backend: str, mode: str, network: str, plan: Plan) -> dict[str, Timing]:
    module = backends.load(backend)
    images, labels = batch(BATCH_SIZES[network])
    runs = {
        arm: module.train_step(mode, build(network, arm), images, labels)
        for arm in arms(network, plan)
    }
    return interleave(runs, plan.repeats, module.wait, budget_s=plan.budget_s)


def _row(
    template: Row, arm: str, timings: Mapping[str, Timing], limit: float | None
) -> Row:
    time, base = timings[arm], timings[NONE]
    ratio = time.median_ms / base.median_ms
    return replace(
        template,
        layer=arm,
        median_ms=time.median_ms,
        spread=time.spread,
        reference=NONE,
        reference_ms=base.median_ms,
        ratio_to_reference=ratio,
        target=limit,
        meets_target=None if limit is None else ratio <= limit,
    )
