"""The functions that are timed do the work that they are timed for."""

from collections import Counter

import keras
import numpy as np
import pytest
from keras import ops

from benchmarks import (
    backends,
    candidates,
    inference,
    layers,
    machine,
    many_arms,
    memory,
)
from benchmarks.cases import MODES, QUICK
from benchmarks.record import Row
from benchmarks.timing import Timing

BACKEND = keras.config.backend()
MODES_HERE = [mode for mode, backend in MODES.items() if backend == BACKEND]
SHAPE = (4, 3, 3, 6)
FACTOR = 1.0 + 2.0**-7

if not MODES_HERE:
    pytest.skip("This backend does not train", allow_module_level=True)

module = backends.load(BACKEND)


def arrays(mode, name, calls=1):
    x, g = (candidates.random_tensor(SHAPE, "float32", seed) for seed in (1, 2))
    step = module.layer_step(mode, candidates.make_chain(name, SHAPE), x, g)
    results = []
    for _ in range(calls):
        y, gradients = step()
        module.wait((y, gradients))
        results.append([ops.convert_to_numpy(t) for t in (y, *gradients)])
    return ops.convert_to_numpy(x), ops.convert_to_numpy(g), results


@pytest.mark.parametrize("mode", MODES_HERE)
def test_identity_moves_both_tensors(mode):
    x, g, [(y, gx)] = arrays(mode, "identity")
    np.testing.assert_allclose(y, FACTOR * x, rtol=1e-6)
    np.testing.assert_allclose(gx, FACTOR * g, rtol=1e-6)


@pytest.mark.parametrize("mode", MODES_HERE)
@pytest.mark.parametrize("name", ["Dropout", "SpatialRotationOut"])
def test_noise_is_new_in_every_call_and_in_the_gradient(mode, name):
    _, _, [(y1, gx1), (y2, gx2)] = arrays(mode, name, calls=2)
    assert not np.array_equal(y1, y2)
    assert not np.array_equal(gx1, gx2)


@pytest.mark.parametrize("mode", MODES_HERE)
def test_gradient_uses_the_mask_of_the_output(mode):
    x, g, [(y, gx)] = arrays(mode, "Dropout")
    np.testing.assert_allclose(gx, g * y / x, rtol=1e-5)


@pytest.mark.parametrize("mode", MODES_HERE)
def test_gradients_of_weights_are_computed(mode):
    _, _, [(_, _, *of_weights)] = arrays(mode, "BatchNormalization + Dropout")
    assert sorted(gradient.shape for gradient in of_weights) == [(6,), (6,)]
    assert all(np.any(gradient) for gradient in of_weights)


@pytest.mark.parametrize("mode", MODES_HERE)
def test_training_step_trains_with_new_noise(mode):
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")]
    )
    x = candidates.random_tensor((8, 6), "float32", 1)
    step = module.train_step(mode, model, x, ops.zeros(8, dtype="int32"))
    losses = [float(step()) for _ in range(2)]
    assert np.all(np.isfinite(losses))
    assert losses[0] != losses[1]


@pytest.mark.skipif(BACKEND != "jax", reason="vmap")
def test_arms_in_one_step_train_as_each_by_itself():
    def arms():
        return [many_arms.network(i, depth=8) for i in (0, 3, 9)]

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 32, 32, 3)).astype("float32")
    y = rng.integers(10, size=(3, 4))
    together = module.joint_step(arms(), x, y)
    alone = [
        module.train_step("jax-jit", model, *one)
        for model, *one in zip(arms(), x, y, strict=True)
    ]
    for _ in range(2):
        expected = np.asarray([step() for step in alone])
        np.testing.assert_allclose(together(), expected, rtol=1e-4)
    assert len(set(expected.tolist())) == 3


@pytest.mark.skipif(BACKEND != "jax", reason="JAX's suite")
def test_arms_in_one_step_are_measured_on_an_accelerator(monkeypatch):
    assert not list(many_arms.measure("jax", QUICK))
    monkeypatch.setattr(module, "device_name", lambda: "a GPU")
    monkeypatch.setattr(many_arms, "ARMS", 2)
    monkeypatch.setattr(many_arms, "BATCH_SIZE", 2)
    monkeypatch.setattr(many_arms, "_DEPTH", 8)
    [row] = many_arms.measure("jax", QUICK)
    assert row.shape == "resnet8, batch 2, 2 arms"
    assert row.ratio_to_reference == pytest.approx(row.median_ms / row.reference_ms)
    assert row.meets_target == (row.ratio_to_reference <= 3)


@pytest.mark.parametrize(("device", "verdicts"), [("", 0), ("a GPU", 1)])
def test_bandwidth_is_judged_on_an_accelerator_only(monkeypatch, device, verdicts):
    monkeypatch.setattr(module, "device_name", lambda: device)
    milliseconds = {"identity": 2.0, "Dropout": 4.0, "RotationOut": 3.0, "copy": 2.0}
    timings = {name: Timing(time, 0.0, 5) for name, time in milliseconds.items()}
    template = Row("layers", BACKEND, "jax-jit", "", "128x512", "float32")
    rows = layers._rows(template, timings, {"RotationOut": ["identity", "Dropout"]})
    judged = {row.reference: row for row in rows if row.meets_target is not None}
    assert judged.pop("Dropout").meets_target  # 3 ms / 4 ms <= 1.0
    assert len(judged) == verdicts
    for row in judged.values():
        assert row.reference == "copy"
        assert not row.meets_target  # 1.5 > 1 / 80 %
        assert row.gb_per_s == pytest.approx(4 * 128 * 512 * 4 / 3e-3 / 1e9)


def test_kept_memory_tells_layers_apart():
    shape = (*SHAPE[:-1], 32)  # what a rotation keeps is of the size of a vector
    x, g = (candidates.random_tensor(shape, "float32", seed) for seed in (1, 2))
    kept = {}
    for name in ("identity", "Dropout", "SpatialRotationOut"):
        y, tensors = module.residuals(candidates.make_chain(name, shape), x, g)
        kept[name] = memory.kept_bytes(tensors, (x, y, g))
    units = np.prod(shape)
    assert kept["identity"] <= 4
    assert kept["Dropout"] >= units  # a mask of bytes at least
    assert kept["SpatialRotationOut"] < units


def test_equal_tensors_are_counted_once():
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 2), "float32")
    half = np.full((4, 2), 0.5, "float16")
    assert memory.kept_bytes([x, y, half, half.copy()], (x.copy(),)) == 32 + 16


def test_peak_of_memory_is_seen():
    before = machine.peak_bytes()
    np.ones(int(1.2 * before), "uint8")
    assert 1.2 * before < machine.peak_bytes() < 4 * before


def test_graph_of_an_exported_model_shows_what_a_layer_adds():
    def count(*layers):
        return module.graph_operations(inference._model(layers))

    plain = count(keras.layers.ReLU())
    assert plain == count(keras.layers.ReLU(), keras.layers.Dropout(0.5))
    assert plain != count(keras.layers.ReLU(), candidates.Traffic())


def test_difference_of_graphs_is_spelled_out():
    noisy, plain = Counter(add=3, mul=1), Counter(add=1, relu=1)
    assert inference.difference(noisy, plain) == "+2 add, +1 mul, -1 relu"
    assert inference.difference(plain, plain) == "same 2 operations"
