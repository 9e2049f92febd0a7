"""Ten arms of a study in one compiled step: other seeds and rates of one network.

For accelerators, which a small network leaves waiting. Two cores have nothing to spare,
so that it is not measured there: a convolution with other weights for each sample of a
batch of networks is ten times slower.
"""

from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from benchmarks import backends
from benchmarks.cases import Plan
from benchmarks.networks import batch
from benchmarks.record import Row
from benchmarks.targets import MANY_ARMS
from benchmarks.timing import interleave
from keras_regnoise import layers, models

ARMS = 10
BATCH_SIZE = 128
_DEPTH = 20
_LAYER = "SpatialRotationOut"


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    module = backends.load(backend)
    if backend != "jax" or not module.device_name():
        return
    images, labels = batch(BATCH_SIZE)
    arms = [network(i, _DEPTH) for i in range(ARMS)]
    runs = {
        MANY_ARMS.reference: module.train_step(
            "jax-jit", network(0, _DEPTH), images, labels
        ),
        _LAYER: module.joint_step(
            arms, ops.stack([images] * ARMS), ops.stack([labels] * ARMS)
        ),
    }
    times = interleave(runs, plan.repeats, module.wait, budget_s=plan.budget_s)
    together, one = times[_LAYER], times[MANY_ARMS.reference]
    ratio = together.median_ms / one.median_ms
    yield Row(
        "many_arms",
        backend,
        "jax-jit",
        _LAYER,
        f"resnet{_DEPTH}, batch {BATCH_SIZE}, {ARMS} arms",
        plan.dtype,
        median_ms=together.median_ms,
        spread=together.spread,
        reference=MANY_ARMS.reference,
        reference_ms=one.median_ms,
        ratio_to_reference=ratio,
        target=MANY_ARMS.limit,
        meets_target=ratio <= MANY_ARMS.limit,
    )


def network(arm: int, depth: int) -> keras.Model:
    """Return a network with a seed and a rate of its own."""
    keras.utils.set_random_seed(arm)
    rate = float(np.linspace(0.05, 0.5, ARMS)[arm])
    return models.resnet(
        depth,
        ("conv", "norm", "relu", "noise"),
        noise=lambda: layers.SpatialRotationOut(rate),
    )
