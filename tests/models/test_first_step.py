"""The first training step of the deep networks, and of one network of each kind."""

import keras
import numpy as np
import pytest

from keras_regnoise.layers import DropActivation, SpatialRotationOut
from keras_regnoise.models import (
    IC_UNITS,
    convnet,
    densenet,
    elu_network,
    lstm_ctc,
    mlp,
    preact_resnet,
    regressor,
    resnet,
    resnext,
    wide_resnet,
)


def rotation():
    return SpatialRotationOut(0.1)


def thorough(build):
    return pytest.param(build, marks=pytest.mark.thorough)


def images(model, classes=10):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, *model.input_shape[1:])).astype("float32")
    return x, rng.integers(classes, size=4)


def assert_learns(model, x, y, loss, **compile_arguments):
    model.compile(keras.optimizers.SGD(0.01, clipnorm=1.0), loss, **compile_arguments)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(model.train_on_batch(x, y))
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "build",
    [
        lambda **k: resnet(110, **k),
        thorough(lambda **k: resnet(164, IC_UNITS[1], **k)),
        lambda **k: resnet(110, IC_UNITS[2], bottlenecks=True, **k),
        thorough(lambda **k: resnet(164, IC_UNITS[3], bottlenecks=True, **k)),
        lambda **k: preact_resnet(
            164, activation=lambda: DropActivation(rate=0.05), **k
        ),
        lambda **k: resnet(
            110,
            ("noise", "conv", "norm", "relu"),
            noise=rotation,
            noise_stages=(3,),
            **k,
        ),
    ],
    ids=["resnet", "ic1", "ic2_b", "ic3_b", "preact_drop_activation", "rotation_out"],
)
def test_deep_networks(build):
    # Eager, for tracing 164 layers takes ten times as long as running them. Other
    # backends take minutes for it; their networks of each kind are below.
    model = build(input_shape=(16, 16, 3))
    x, y = images(model)
    assert_learns(model, x, y, "sparse_categorical_crossentropy", run_eagerly=True)


@pytest.mark.parametrize(
    "build",
    [
        lambda: resnet(8, ("conv", "norm", "vcl", "relu")),
        lambda: wide_resnet(
            10, 2, ("norm", "relu", "noise", "conv"), noise=rotation, noise_stages=(2,)
        ),
        lambda: densenet(10, 4),
        lambda: resnext(11, 2, 4),
        lambda: elu_network(("conv", "vcl", "relu"), widening=1, input_shape=(8, 8, 3)),
        lambda: convnet((4, 4, 4), activation=lambda: DropActivation(rate=0.05)),
        lambda: mlp(4, ("dense", "vcl", "relu"), classes=10, input_shape=(5,)),
    ],
    ids=["resnet", "wide_resnet", "densenet", "resnext", "elu", "convnet", "mlp"],
)
def test_classifiers(build):
    model = build()
    assert_learns(model, *images(model), "sparse_categorical_crossentropy")


def test_regression():
    x = np.linspace(0, 10, 20, dtype="float32")[:, None]
    assert_learns(regressor((8, 8)), x, x * np.sin(x), "mean_squared_error")


def test_connectionist_temporal_classification():
    model = lstm_ctc(
        2,
        ("noise", "lstm"),
        width=8,
        classes=5,
        noise=lambda: SpatialRotationOut(0.2),
        noise_stages=(2,),
        input_shape=(12, 4),
    )
    x = np.random.default_rng(0).normal(size=(3, 12, 4)).astype("float32")
    # Labels are padded with the blank, 0.
    y = np.array([[1, 2, 3], [4, 0, 0], [2, 2, 0]])
    assert_learns(model, x, y, keras.losses.CTC(), jit_compile=False)
