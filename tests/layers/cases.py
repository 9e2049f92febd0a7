"""One case per layer and setting: what every layer must do is tested on them all."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import keras_regnoise as krn

SCHEDULE = {
    "boundaries": [2, 4],
    "values": [0.0, 0.2, 0.4],
}


def schedule():
    return keras.optimizers.schedules.PiecewiseConstantDecay(**SCHEDULE)


@dataclass(frozen=True)
class Case:
    name: str
    layer: type
    options: dict[str, Any]
    shape: tuple[int, ...]  # without the batch

    def make(self, **options):
        return self.layer(**{**self.options, **options})

    def data(self, batch=4, dtype="float32"):
        rng = np.random.default_rng(0)
        return rng.normal(0.5, 1.0, (batch, *self.shape)).astype(dtype)

    @property
    def has_rate(self):
        return self.layer is not krn.VarianceConstancy


CASES = [
    Case("rotation", krn.RotationOut, {"rate": 0.3}, (6,)),
    Case(
        "rotation_sample_uncentred",
        krn.RotationOut,
        {"rate": 0.3, "permutation": "sample", "center": False, "angles": "uniform"},
        (5, 7),
    ),
    Case(
        "rotation_channels_first",
        krn.RotationOut,
        {"rate": 0.3, "axis": 1, "angles": "truncated_gaussian"},
        (6, 4, 4),
    ),
    Case("spatial", krn.SpatialRotationOut, {"rate": 0.3}, (6, 6, 5)),
    Case(
        "spatial_block",
        krn.SpatialRotationOut,
        {"rate": 0.3, "block_size": 3, "block_fraction": 0.4},
        (6, 7, 4),
    ),
    Case(
        "spatial_sequence_shared_angle",
        krn.SpatialRotationOut,
        {"rate": 0.3, "shared_angle": True},
        (5, 6),
    ),
    Case(
        "spatial_volume_channels_first",
        krn.SpatialRotationOut,
        {"rate": 0.3, "data_format": "channels_first"},
        (4, 3, 5, 2),
    ),
    Case("ic_dense", krn.ICLayer, {"rate": 0.3}, (6,)),
    Case(
        "ic_group_rotationout",
        krn.ICLayer,
        {"rate": 0.3, "normalization": "group", "noise": "rotationout"},
        (4, 4, 6),
    ),
    Case("drop_relu", krn.DropActivation, {"rate": 0.3}, (4, 4, 6)),
    Case("drop_gelu", krn.DropActivation, {"activation": "gelu", "rate": 0.3}, (6,)),
    Case("vcl", krn.VarianceConstancy, {"weight": 0.1}, (6,)),
    Case(
        "vcl_images",
        krn.VarianceConstancy,
        {"weight": 0.1, "shared_axes": (1, 2)},
        (4, 4, 6),
    ),
]
NOISE_CASES = [case for case in CASES if case.has_rate]


def parametrize(pytest, cases=CASES):
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])
