"""Every layer on several devices: it trains, replicas differ, the loss keeps its scale.

Each program runs once, for all tests, in a process of its own.
"""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.devices import networks
from tests.devices.networks import VCL
from tests.helpers import ROOT, run_python, to_numpy
from tests.layers.cases import CASES, SEED_CASES
from tests.studies.engine.command import TINY

BACKEND = keras.config.backend()
NAMES = [case.name for case in CASES]
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution is JAX's")
each_layer = pytest.mark.parametrize("name", NAMES)


def run(module, directory, *arguments, **environment):
    code = f"import sys; from tests.devices.{module} import main; main(*sys.argv[1:])"
    run_python(code, directory, *arguments, **environment)
    return dict(np.load(directory / "found.npz")), directory / "model.keras"


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    return run("mirrored", tmp_path_factory.mktemp("mirrored"))


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in (first, second)]

    def worker(index):
        task = {"type": "worker", "index": index}
        cluster = {"cluster": {"worker": addresses}, "task": task}
        directory = tmp_path_factory.mktemp(f"worker{index}")
        return run("multi_worker", directory, TF_CONFIG=json.dumps(cluster))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(worker, (0, 1)))


@pytest.fixture(scope="module", params=["data", "model"])
def sharded(request, tmp_path_factory):
    flags = "--xla_force_host_platform_device_count=2"
    directory = tmp_path_factory.mktemp(request.param)
    return request.param, *run("sharded", directory, request.param, XLA_FLAGS=flags)


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    from tests.devices import sharded

    directory = tmp_path_factory.mktemp("one")
    sharded.run(directory)
    return dict(np.load(directory / "found.npz"))


def assert_trains(found, name):
    assert np.isfinite(found["losses"]).all()
    moved = found[f"moved_{name}"]
    assert np.isfinite(moved).all()
    assert np.abs(moved).max() > 0


def assert_saved(found, file, draws, samples):
    """The file is that of the trained model, on one device too."""
    loaded = found["predicted_by_loaded"]  # on the same devices
    np.testing.assert_allclose(loaded, found["predicted"], atol=1e-5)
    model = keras.saving.load_model(file)
    x, _ = networks.inputs(samples)
    np.testing.assert_allclose(to_numpy(model(x)), found["predicted"], atol=1e-4)
    counts = {
        case.name: int(to_numpy(model.get_layer(case.name).seed_generator.state)[1])
        for case in SEED_CASES
        if case.layer is not krn.ICLayer  # whose noise has the state
    }
    assert set(counts.values()) == {draws}


@on_tensorflow
@each_layer
def test_trains_on_two_replicas(mirrored, name):
    assert_trains(mirrored[0], name)


@on_tensorflow
@pytest.mark.parametrize("name", [case.name for case in SEED_CASES])
def test_replicas_draw_noise_of_their_own(mirrored, name):
    first, second = mirrored[0][f"noisy_{name}"]
    assert np.abs(first - second).max() > 1e-3


@on_tensorflow
@pytest.mark.parametrize("kind", VCL)
def test_two_replicas_have_the_loss_of_one_device(mirrored, kind):
    # Both replicas have the samples of the one: loss and step are the same.
    found = mirrored[0]
    np.testing.assert_allclose(
        found[f"vcl_{kind}"], found[f"one_vcl_{kind}"], rtol=1e-5, atol=1e-6
    )


@on_tensorflow
def test_mirrored_models_are_saved_and_loaded(mirrored):
    found, file = mirrored
    assert_saved(found, file, draws=3, samples=networks.SAMPLES)


@on_tensorflow
@each_layer
def test_trains_in_two_processes(workers, name):
    for found, _ in workers:
        assert_trains(found, name)
    kernels = [found[f"moved_{name}"] for found, _ in workers]
    np.testing.assert_array_equal(*kernels)  # the gradient is that of both


@on_tensorflow
@pytest.mark.parametrize("name", [case.name for case in SEED_CASES])
def test_processes_draw_noise_of_their_own(workers, name):
    first, second = (found[f"noisy_{name}"][0] for found, _ in workers)
    assert np.abs(first - second).max() > 1e-3


@on_tensorflow
@pytest.mark.parametrize("kind", ["layer", "regularizer"])
def test_two_processes_have_the_loss_of_one_device(workers, kind):
    one = networks.vcl_steps()[f"vcl_{kind}"]
    for found, _ in workers:
        np.testing.assert_allclose(found[f"vcl_{kind}"], one, rtol=1e-5, atol=1e-6)


@on_tensorflow
def test_models_of_two_processes_are_saved_and_loaded(workers):
    for found, file in workers:
        assert_saved(found, file, draws=3, samples=networks.SAMPLES)


@on_jax
@each_layer
def test_trains_on_two_devices_as_on_one(sharded, one_device, name):
    _, found, _ = sharded
    assert_trains(found, name)
    for key in (f"noisy_{name}", f"moved_{name}"):
        scale = np.abs(one_device[key]).max()
        np.testing.assert_allclose(found[key], one_device[key], atol=1e-4 * scale)


@on_jax
@pytest.mark.parametrize("kind", VCL)
def test_two_devices_have_the_loss_of_one(sharded, one_device, kind):
    np.testing.assert_allclose(
        sharded[1][f"vcl_{kind}"], one_device[f"vcl_{kind}"], rtol=1e-5, atol=1e-6
    )


@on_jax
def test_models_on_two_devices_are_saved_and_loaded(sharded):
    kind, found, file = sharded
    assert_saved(found, file, draws=2, samples=2 * networks.SAMPLES)
    split = set(found["split"])
    wanted = {f"{name}_before/kernel" for name in NAMES} if kind == "model" else set()
    assert wanted <= split
    assert bool(split) == (kind == "model")


@pytest.mark.skipif(BACKEND not in ("tensorflow", "jax"), reason="does not distribute")
def test_a_cell_of_a_study_on_two_devices(tmp_path):
    """Its validation part has 297 examples, which two devices can't share evenly."""
    pytest.importorskip("keras_tuner")
    pytest.importorskip("sklearn")
    found = {}
    for distribute in ("yes", ""):
        folder = tmp_path / (distribute or "no")
        folder.mkdir()
        code = "import sys; from tests.devices.study_cell import main; "
        code += "main(*sys.argv[1:])"
        flags = "--xla_force_host_platform_device_count=2" if distribute else ""
        arguments = (folder, TINY, "RotationOut 0.2", distribute)
        run_python(code, *arguments, XLA_FLAGS=flags)
        found[distribute] = json.loads((folder / "metrics.json").read_text())
    assert found["yes"].keys() == found[""].keys()
    assert np.isfinite(list(found["yes"].values())).all()
    if BACKEND == "jax":  # whose devices share one draw of noise
        for name, value in found[""].items():
            # One of 100 examples may be on the other side of a boundary.
            tolerance = 0.011 if "accuracy" in name else 1e-3
            assert abs(found["yes"][name] - value) < tolerance, name


@on_jax
def test_a_batch_that_devices_cannot_share_is_refused(monkeypatch):
    from keras_regnoise.studies.engine.distribution import distribution
    from keras_regnoise.studies.input_error import InputError

    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["a", "b"])
    with (
        pytest.raises(InputError, match=r"multiple of the 2 devices. Received: 25"),
        distribution(True, 25),
    ):
        pass


@pytest.mark.skipif(BACKEND not in ("tensorflow", "jax"), reason="does not distribute")
def test_the_code_of_the_page(tmp_path):
    code = f"import os; os.chdir({str(tmp_path)!r}); "
    code += "from tests.devices.page import main; main()"
    flags = "--xla_force_host_platform_device_count=2"
    said = run_python(code, XLA_FLAGS=flags, PYTHONPATH=str(ROOT))
    assert said.splitlines()[-2:] == ["2 devices", "trained"]
