"""One case per layer and setting: what every layer must do is tested on them all."""

from collections.abc import Callable
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
    inner: Callable[..., Any] | None = None  # makes the layer that it wraps

    def make(self, **options):
        options = {**self.options, **options}
        if self.inner:
            dtype = {"dtype": options["dtype"]} if "dtype" in options else {}
            options["layer"] = self.inner(**dtype)
        return self.layer(**options)

    def data(self, batch=4, dtype="float32"):
        rng = np.random.default_rng(0)
        return rng.normal(0.5, 1.0, (batch, *self.shape)).astype(dtype)

    @property
    def has_rate(self):
        return "rate" in self.options

    @property
    def has_seed(self):
        return self.layer not in (
            krn.CrossNormalization,
            krn.VarianceConstancy,
            krn.ZCAWhitening,
        )

    @property
    def is_noise_only(self):
        """Whether it is the identity at inference and without noise."""
        return self.layer in IDENTITIES

    @property
    def needs_feature_size(self):
        return self.layer not in ELEMENTWISE and not self.inner

    @property
    def further(self):
        """Whether it is a further size or data format of a layer, for `--thorough`."""
        return self.name in FURTHER


ELEMENTWISE = (
    krn.DropActivation,
    krn.DropPath,
    krn.RandomizedLeakyReLU,
    krn.UniformNoise,
)
IDENTITIES = (
    krn.CenteredDropout,
    krn.DropBlock,
    krn.DropPath,
    krn.RotationOut,
    krn.SpatialRotationOut,
    krn.UniformNoise,
    krn.VarianceConstancy,
)


def dense(**options):
    return keras.layers.Dense(6, activation="tanh", **options)


def conv(**options):
    return keras.layers.Conv2D(6, 3, padding="same", **options)


def lstm(**options):
    # Not the default: TensorFlow has no orthogonal matrices in bfloat16.
    options["recurrent_initializer"] = "glorot_uniform"
    return keras.layers.LSTM(6, return_sequences=True, **options)


# What their layers compute in them, they compute in another case too.
FURTHER = (
    *("rotation_channels_first", "spatial_volume_channels_first"),
    *("drop_block_volume_channels_first", "drop_connect_sequence_gaussian"),
    *("cross_normalization_sequence", "cross_normalization_channels_first"),
    "zca_axis",
)
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
    Case("centered_dropout", krn.CenteredDropout, {"rate": 0.3}, (5, 6)),
    Case(
        "centered_dropout_spatial_channels_first",
        krn.CenteredDropout,
        {"rate": 0.3, "spatial": True, "axis": 1},
        (6, 4, 4),
    ),
    Case("drop_block", krn.DropBlock, {"rate": 0.3, "block_size": 3}, (6, 7, 4)),
    Case(
        "drop_block_sequence_even",
        krn.DropBlock,
        {"rate": 0.3, "block_size": 2, "per_channel": True},
        (5, 6),
    ),
    Case(
        "drop_block_volume_channels_first",
        krn.DropBlock,
        {
            "rate": 0.3,
            "block_size": 3,
            "per_channel": True,
            "data_format": "channels_first",
        },
        (4, 3, 5, 2),
    ),
    Case("drop_path", krn.DropPath, {"rate": 0.3}, (5, 6)),
    Case("uniform_noise", krn.UniformNoise, {"scale": 0.5}, (5, 6)),
    Case("rrelu", krn.RandomizedLeakyReLU, {}, (4, 4, 6)),
    Case("cross_normalization", krn.CrossNormalization, {}, (6,)),
    Case("cross_normalization_sequence", krn.CrossNormalization, {}, (5, 6)),
    Case(
        "cross_normalization_channels_first",
        krn.CrossNormalization,
        {"axis": 1, "center": False, "scale": False},
        (6, 4, 4),
    ),
    Case("drop_connect", krn.DropConnect, {"rate": 0.3}, (6,), dense),
    Case(
        "drop_connect_sequence_gaussian",
        krn.DropConnect,
        {"rate": 0.3, "inference": "gaussian", "num_samples": 8},
        (5, 6),
        dense,
    ),
    Case(
        "drop_connect_conv_gaussian",
        krn.DropConnect,
        {"rate": 0.3, "per": "batch", "inference": "gaussian", "num_samples": 8},
        (4, 4, 6),
        conv,
    ),
    Case("weight_noise", krn.WeightNoise, {"stddev": 0.1}, (6,), dense),
    Case(
        "weight_drop_lstm",
        krn.WeightNoise,
        {"rate": 0.3, "weights": ("recurrent_kernel",)},
        (5, 6),
        lstm,
    ),
    Case("zca", krn.ZCAWhitening, {}, (6,)),
    Case("zca_axis", krn.ZCAWhitening, {"axis": -1}, (4, 4, 6)),
]
NOISE_CASES = [case for case in CASES if case.has_rate]
SEED_CASES = [case for case in CASES if case.has_seed]

# Of how a layer holds its amount: itself, in its noise, in what it wraps.
ONE_OF_EACH_KIND = (
    *("rotation", "spatial_block", "ic_dense", "drop_relu"),
    *("uniform_noise", "drop_connect", "weight_noise"),
)


def parametrize(pytest, cases=CASES, names=None):
    """Return the mark that runs a test on cases: without `--thorough`, on `names`."""

    assert set(names or ()) <= {case.name for case in cases}

    def of(case):
        left_out = names is not None and case.name not in names
        marks = [pytest.mark.thorough] if left_out else []
        return pytest.param(case, id=case.name, marks=marks)

    return pytest.mark.parametrize("case", list(map(of, cases)))
