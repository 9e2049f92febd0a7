"""Files: what is in them, and what a process that has only the file can do."""

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.helpers import run_python, to_numpy
from tests.layers.cases import CASES, NOISE_CASES, parametrize, schedule


def save_all(directory):
    """One model per case, its input and its prediction, as files."""
    for case in CASES:
        model = keras.Sequential([keras.Input(case.shape), case.make()])
        x = case.data(6)
        model.compile("sgd", "mse")
        model.fit(x, x, verbose=0)  # moves what can move
        model.save(directory / f"{case.name}.keras")
        y = model.predict(x, verbose=0)
        np.savez(directory / f"{case.name}.npz", x=x, y=y)


def test_models_load_in_a_fresh_process(tmp_path):
    save_all(tmp_path)
    code = """
import pathlib, sys
import keras, numpy as np
import keras_regnoise
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    model = keras.saving.load_model(file)
    case = np.load(file.with_suffix(".npz"))
    assert np.array_equal(model.predict(case["x"], verbose=0), case["y"]), file.stem
    print(file.stem)
"""
    loaded = run_python(code, tmp_path).split()
    assert sorted(loaded) == sorted(case.name for case in CASES)


def every_layer():
    """A plain network and the same with every kind of layer of the package."""

    def build(noise):
        inputs = keras.Input((8, 8, 3))
        x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
        if noise:
            x = krn.VarianceConstancy(shared_axes=(1, 2))(x)
            x = krn.DropActivation("relu", 0.0)(x)
            x = krn.SpatialRotationOut(0.2)(x)
        else:
            x = keras.layers.ReLU()(x)
        x = keras.layers.BatchNormalization(name="norm")(x)
        x = keras.layers.Flatten()(x)
        if noise:
            x = krn.RotationOut(0.2)(x)
        outputs = keras.layers.Dense(2, name="head")(x)
        return keras.Model(inputs, outputs)

    return build(False), build(True)


def operations(model, path):
    """Types of the operations in the served graph of an exported model."""
    import tensorflow as tf

    model.export(path, verbose=False)
    graph = tf.saved_model.load(str(path)).signatures["serving_default"].graph
    types = []
    for definition in (graph.as_graph_def(), *graph.as_graph_def().library.function):
        nodes = getattr(definition, "node_def", None) or getattr(definition, "node", [])
        types += [node.op for node in nodes]
    # Keras names every layer's dtype cast; the plumbing of calls is not arithmetic.
    plumbing = {"NoOp", "Identity", "Placeholder", "Const", "StatefulPartitionedCall"}
    return sorted(op for op in types if op not in plumbing)


@pytest.mark.tensorflow
def test_noise_costs_nothing_in_the_exported_graph(tmp_path):
    plain, noisy = every_layer()
    assert operations(noisy, tmp_path / "a") == operations(plain, tmp_path / "b")


def train(model, x, steps):
    for _ in range(steps):
        model.train_on_batch(x, x)
    return model


@parametrize(pytest, NOISE_CASES)
@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_training_goes_on_with_the_draws_of_an_unbroken_run(case, suffix, tmp_path):
    def build(seed):
        options = {"seed": seed, "rate": schedule()}
        model = keras.Sequential([keras.Input(case.shape), case.make(**options)])
        model.compile("sgd", "mse")
        return model

    x = case.data(6)
    file = tmp_path / f"model{suffix}"
    unbroken = train(build(1), x, 3)
    if suffix == ".keras":
        unbroken.save(file)
        resumed = keras.saving.load_model(file)
    else:
        unbroken.save_weights(file)
        resumed = build(2)
        resumed.load_weights(file)
    for _ in range(3):
        expected = to_numpy(unbroken(x, training=True))
        actual = to_numpy(resumed(x, training=True))
        np.testing.assert_allclose(actual, expected, atol=1e-6)
    assert (actual != to_numpy(unbroken(x))).any()  # the schedule had gone on


def test_weight_files_with_and_without_noise_are_interchangeable(tmp_path):
    def build(noise):
        layers = [keras.Input((6,)), keras.layers.Dense(5, name="a")]
        if noise:
            layers += [krn.RotationOut(0.3), krn.DropActivation("relu", 0.1)]
        layers += [keras.layers.Dense(4, name="b")]
        return keras.Sequential(layers)

    plain, noisy = build(False), build(True)
    assert len(plain.get_weights()) == len(noisy.get_weights())
    for source, target in ((plain, noisy), (noisy, plain)):
        file = tmp_path / f"{source.name}.weights.h5"
        source.save_weights(file)
        target.load_weights(file)
        for ours, theirs in zip(
            target.get_weights(), source.get_weights(), strict=True
        ):
            assert (ours == theirs).all()
        for weight in source.weights:  # so that the way back is no accident
            weight.assign(weight + 1.0)


@keras.saving.register_keras_serializable(package="tests")
class WithWeight(krn.layers.NoiseLayer):
    """A layer of the reader's own that has a weight as well as noise."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs, training=False):
        return inputs * self.scale


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_a_subclass_keeps_its_weights(suffix, tmp_path):
    def build():
        return keras.Sequential([keras.Input((3,)), WithWeight(0.1)])

    model, file = build(), tmp_path / f"model{suffix}"
    model.layers[0].scale.assign(5.0)
    if suffix == ".keras":
        model.save(file)
        loaded = keras.saving.load_model(file)
    else:
        model.save_weights(file)
        loaded = build()
        loaded.load_weights(file)
    assert float(loaded.layers[0].scale) == 5.0
