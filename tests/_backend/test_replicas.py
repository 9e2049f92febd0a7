"""Noise on several devices. Each of the two processes runs once, for all tests."""

import json

import keras
import numpy as np
import pytest

from tests._backend.independence import assert_unrelated
from tests._backend.models import NOISES, inputs
from tests.helpers import run_python, to_numpy

BACKEND = keras.config.backend()
mirrored = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="tf.distribute is TensorFlow's"
)
data_parallel = pytest.mark.skipif(
    BACKEND != "jax", reason="keras.distribution distributes on JAX alone"
)


def run(module, directory, **environment):
    path = directory / f"{module}.npz"
    code = f"import sys; from tests._backend.{module} import main; main(sys.argv[1])"
    printed = run_python(code, path, **environment)
    return dict(np.load(path)), json.loads(printed.splitlines()[-1])


@pytest.fixture(scope="module")
def mirrored_strategy(tmp_path_factory):
    return run("mirrored_strategy", tmp_path_factory.mktemp("replicas"))


@pytest.fixture(scope="module")
def two_devices(tmp_path_factory):
    flags = "--xla_force_host_platform_device_count=2"
    return run("data_parallel", tmp_path_factory.mktemp("devices"), XLA_FLAGS=flags)


def on_one_device(name, steps, seed=1):
    layer = NOISES[name](seed)
    return np.stack([to_numpy(layer(inputs(), training=True)) for _ in range(steps)])


def assert_trained(printed):
    logs = printed["logs"]
    layers = ("relu", "elu", "regularized", "constancy")
    losses = {"loss", *(f"variance_constancy/{name}" for name in layers)}
    assert {name for name in logs if not name.startswith(("rate", "scale"))} == losses
    assert all(np.isfinite(v).all() and min(v) > 0 for v in logs.values())
    assert printed["draws"] == 4  # 2 epochs of 2 batches


@mirrored
@pytest.mark.parametrize("name", NOISES)
def test_replicas_draw_noise_of_their_own(name, mirrored_strategy):
    # keras.layers.Dropout draws the same on all of them. Nor is it the noise of a
    # layer with the next seed. Of the first samples:
    outputs = mirrored_strategy[0][name][:, :, 0, 0, 0]
    assert outputs.shape == (3, 2, 256)
    others = on_one_device(name, 3, seed=2)[:, 0, 0]
    assert_unrelated(np.concatenate([*outputs, others]))


@mirrored
@pytest.mark.parametrize("name", NOISES)
def test_first_replica_draws_as_one_device(name, mirrored_strategy):
    outputs = mirrored_strategy[0][name][:, 0, 0]
    np.testing.assert_allclose(outputs, on_one_device(name, 3), atol=1e-5)


@mirrored
@pytest.mark.parametrize("name", NOISES)
def test_gradients_belong_to_the_noise_of_the_replica(name, mirrored_strategy):
    # The layers are homogeneous: y = gradient of sum(y) * x, summed up.
    y, gradient = np.moveaxis(mirrored_strategy[0][name].astype("float64"), 2, 0)
    axes = (2, 3, 4)
    products = (gradient * inputs()).sum(axes)
    np.testing.assert_allclose(products, y.sum(axes), rtol=1e-5)


@mirrored
def test_everything_trains_under_a_mirrored_strategy(mirrored_strategy):
    assert_trained(mirrored_strategy[1])


@data_parallel
@pytest.mark.parametrize("name", ["drop_activation", "fast_dropout"])
def test_devices_draw_masks_of_their_own(name, two_devices):
    assert_unrelated(two_devices[0][name].reshape(4, 256))


@data_parallel
@pytest.mark.parametrize("name", ["rotation_out", "spatial_rotation_out"])
def test_devices_draw_angles_of_their_own(name, two_devices):
    # The samples of a batch share the planes, on however many devices.
    tangents = np.abs(two_devices[0][name] - inputs()).mean(axis=(1, 2))
    assert len(np.unique(tangents.round(4))) == 4


@data_parallel
@pytest.mark.parametrize("name", NOISES)
def test_noise_does_not_depend_on_the_number_of_devices(name, two_devices):
    np.testing.assert_allclose(
        two_devices[0][name], on_one_device(name, 1)[0], atol=1e-5
    )


@data_parallel
def test_everything_trains_data_parallel(two_devices):
    assert_trained(two_devices[1])
