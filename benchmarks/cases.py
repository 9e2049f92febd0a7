"""What can be measured, by name; nothing here needs Keras."""

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.targets import LAYER_TARGETS

IDENTITY = "identity"
SUITES = (
    "layers",
    "parts",
    "steps",
    "first_step",
    "cells",
    "derivatives",
    "memory",
    "construction",
    "inference",
    "streaming",
    "many_arms",
)
MODES = {
    "tensorflow-graph": "tensorflow",
    "tensorflow-jit": "tensorflow",
    "jax-jit": "jax",
    "torch-eager": "torch",
}
BACKENDS = tuple(dict.fromkeys(MODES.values()))
SHAPES = {
    "128x512": (128, 512),
    "32x100x256": (32, 100, 256),
    "128x32x32x64": (128, 32, 32, 64),
    "128x8x8x640": (128, 8, 8, 640),
}
DTYPES = ("float32", "bfloat16", "float16")
NETWORKS = ("elu11", "resnet20", "wide_resnet28_10")  # of steps
APPLICATIONS = ("MobileNetV2", "ResNet50", "DenseNet121")  # of first steps

# The built-in layers that each layer stands for; "+" is one layer after another.
REFERENCES = {
    "RotationOut": ("Dropout", "SpatialDropout2D"),
    "SpatialRotationOut": ("Dropout", "SpatialDropout2D"),
    "DropActivation": ("ReLU + Dropout", "ReLU"),
    "ICLayer": ("BatchNormalization + Dropout", "BatchNormalization"),
    "RotationOut per sample": ("RotationOut",),
}
LAYERS = (*REFERENCES, "VarianceConstancy")
_RANKS = {"SpatialDropout2D": (4,), "SpatialRotationOut": (3, 4, 5)}


@dataclass(frozen=True)
class Plan:
    """What one run measures.

    Attributes:
        suites: Names out of `SUITES`; the attributes that follow likewise.
        modes: See `suites`.
        layers: See `suites`.
        shapes: See `suites`.
        networks: Out of `NETWORKS` and `APPLICATIONS`; none for those that suit.
        dtype: One of `DTYPES`.
        repeats: Interleaved repeats.
        budget_s: Seconds after which a slow candidate sits out further repeats.
        quick: Whether to leave out what takes long.
    """

    suites: tuple[str, ...] = SUITES
    modes: tuple[str, ...] = tuple(MODES)
    layers: tuple[str, ...] = LAYERS
    shapes: tuple[str, ...] = tuple(SHAPES)
    networks: tuple[str, ...] = ()
    dtype: str = "float32"
    repeats: int = 21
    budget_s: float = 10.0
    quick: bool = False

    def modes_of(self, backend: str) -> tuple[str, ...]:
        return tuple(mode for mode in self.modes if MODES[mode] == backend)


QUICK = Plan(
    shapes=("128x512", "128x32x32x64"),
    networks=("elu11",),
    repeats=5,
    budget_s=1.0,
    quick=True,
)


def select(kind: str, wanted: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the wanted names in the order of the known ones.

    Raises:
        ValueError: If a name is not known.
    """
    wanted, known = tuple(wanted), tuple(known)
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(
            f"There is no {kind} {', '.join(map(repr, unknown))}. "
            f"Choose from: {', '.join(known)}"
        )
    return tuple(name for name in known if name in wanted)


def installed_backends() -> tuple[str, ...]:
    return tuple(name for name in BACKENDS if importlib.util.find_spec(name))


def applies(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a layer, or each layer of a chain, takes inputs of this rank."""
    ranks = (_RANKS.get(part) for part in name.split(" + "))
    return all(allowed is None or len(shape) in allowed for allowed in ranks)


def references(plan: Plan, mode: str, shape: tuple[int, ...]) -> dict[str, list[str]]:
    """Return what each layer of the plan is compared with, the identity first."""
    chosen = {}
    for layer in plan.layers:
        if layer not in REFERENCES or not applies(layer, shape):
            continue
        names: Iterable[str] = REFERENCES[layer]
        if plan.quick:  # only what a target names
            names = {LAYER_TARGETS[layer][mode].reference} - {IDENTITY}
        chosen[layer] = [IDENTITY, *(name for name in names if applies(name, shape))]
    return chosen


def all_names(chosen: Mapping[str, Iterable[str]]) -> list[str]:
    """Return every layer and reference once, the references first."""
    compared = [name for names in chosen.values() for name in names]
    return list(dict.fromkeys([*compared, *chosen]))
