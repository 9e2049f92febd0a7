"""How fast the layers have to be."""

from typing import NamedTuple


class Target(NamedTuple):
    """A time, as a multiple of the time of a reference in the same process."""

    limit: float
    reference: str


_ROTATION = {
    "tensorflow-graph": Target(1.0, "Dropout"),
    "tensorflow-jit": Target(1.6, "identity"),
    "jax-jit": Target(1.0, "Dropout"),
    "torch-eager": Target(1.3, "Dropout"),
}

LAYER_TARGETS: dict[str, dict[str, Target]] = {
    "RotationOut": _ROTATION,
    "SpatialRotationOut": _ROTATION,
    "RotationOut per sample": dict.fromkeys(_ROTATION, Target(1.5, "RotationOut")),
    "DropActivation": {
        "tensorflow-graph": Target(1.0, "ReLU + Dropout"),
        "tensorflow-jit": Target(2.0, "ReLU"),
        "jax-jit": Target(1.0, "ReLU + Dropout"),
        "torch-eager": Target(1.2, "ReLU + Dropout"),
    },
    "ICLayer": {
        "tensorflow-graph": Target(1.0, "BatchNormalization + Dropout"),
        "tensorflow-jit": Target(1.5, "BatchNormalization"),
        "jax-jit": Target(1.0, "BatchNormalization + Dropout"),
        "torch-eager": Target(1.1, "BatchNormalization + Dropout"),
    },
}

# By network, then layer, then mode; always against the network without noise.
STEP_TARGETS: dict[str, dict[str, dict[str, float]]] = {
    "elu11": {
        "VarianceConstancy": {
            "tensorflow-graph": 1.03,
            "tensorflow-jit": 1.03,
            "jax-jit": 1.03,
            "torch-eager": 1.05,
        }
    },
    "wide_resnet28_10": {"SpatialRotationOut": {"jax-jit": 1.03, "torch-eager": 1.03}},
}

# The first step of `fit`, with noise before every convolution.
FIRST_STEP = Target(1.5, "SpatialDropout2D")

# The second cell of an arm of a study, which shares the program of the first.
SECOND_CELL = Target(1.2, "its steady epochs")

# Ten arms in one compiled step on an accelerator.
MANY_ARMS = Target(3.0, "one arm")

# A batch that is read from files, against the step that it is for.
STREAMING = Target(1.0, "a step of ResNet-50")

# Bytes kept for the backward pass beside input and output, per byte of activation:
# vectors and one number per position, but nothing of the activation's size.
KEPT_SHARE = {"RotationOut": 0.05, "SpatialRotationOut": 0.05}

# What a layer in its place adds to the peak memory of a training step, as a multiple
# of what an identity does. One more tensor of the activation's size would be 1.25 to
# 1.5, for the backends keep two to four.
PEAK_RATIO = {"RotationOut": 1.1, "SpatialRotationOut": 1.1}

# Making and building RotationOut, by number of features.
CONSTRUCTION_MS = {4096: 10.0}
CONSTRUCTION_BYTES_PER_FEATURE = 64

# On an accelerator also as a multiple of a copy of the same two tensors: 80 % of its
# bandwidth.
COPY_TARGETS = {
    "RotationOut": 1.25,
    "SpatialRotationOut": 1.25,
    "DropActivation": 1.25,
}
