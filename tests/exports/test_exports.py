"""Every layer, alone and in networks, in every kind of file that Keras exports.

One process for each kind of file reads all of them. Where the file needs neither Keras
nor this package, neither can be imported in it. What cannot be exported is in the table
of docs/exports.md, whose lines are tested here too.
"""

import json

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.exports import networks
from tests.exports.networks import NAMES, NETWORKS
from tests.helpers import run_python, to_numpy

pytestmark = pytest.mark.tensorflow

CELLS = [*NAMES, *(name for name in NETWORKS if name != "alone")]
NOT_IN_ONNX = {"drop_gelu"}
NOT_IN_LITERT = {"weight_drop_lstm"}
RANDOM = ("Random", "RANDOM", "Bernoulli", "Multinomial", "Dropout", "Bitwise", "Flex")


@pytest.fixture(scope="module")
def models():
    return {name: networks.moved(make()) for name, make in NETWORKS.items()}


def write(name, model, directory):
    """What a network is given, and what it says."""
    arrays = {}
    for i, inputs in enumerate(networks.batches(name, model)):
        values = list(inputs.values())
        outputs = model(values if len(values) > 1 else values[0], training=False)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        arrays |= {f"{i}/x/{key}": x for key, x in inputs.items()}
        arrays |= {f"{i}/y/output_{j}": to_numpy(y) for j, y in enumerate(outputs)}
    np.savez(directory / f"{name}.npz", **arrays)


def read(kind, directory, names=NAMES, without="keras,keras_regnoise"):
    """Read files in a fresh process: errors by cell, operations by network."""
    code = "import runpy; runpy.run_module('tests.exports.readers', None, '__main__')"
    seen = json.loads(run_python(code, without, kind, directory).splitlines()[-1])
    errors = {name: max(of["errors"]) for name, of in seen.items()}
    if "alone" in seen:
        errors |= dict(zip(names, seen["alone"]["errors"], strict=True))
    return errors, {name: of["operations"] for name, of in seen.items()}


def exported(models, directory, file_format, suffix="", **options):
    for name, model in models.items():
        write(name, model, directory)
        file = f"{directory / name}{suffix}"
        model.export(file, format=file_format, verbose=False)
    return read(file_format, directory, **options)


def parametrize(cells):
    return pytest.mark.parametrize("cell", cells)


def check(seen, cell):
    errors, operations = seen
    assert errors[cell] <= 1e-5
    used = operations["alone" if cell in NAMES else cell]
    assert used
    assert [op for op in used if any(word in op for word in RANDOM)] == []


@pytest.fixture(scope="module")
def saved_models(models, tmp_path_factory):
    return exported(models, tmp_path_factory.mktemp("saved"), "tf_saved_model")


@parametrize(CELLS)
def test_saved_model(saved_models, cell):
    check(saved_models, cell)


@pytest.fixture(scope="module")
def onnx_files(models, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    names = [name for name in NAMES if name not in NOT_IN_ONNX]
    ours = models | {"alone": networks.moved(networks.alone(names))}
    directory = tmp_path_factory.mktemp("onnx")
    return exported(ours, directory, "onnx", ".onnx", names=names)


@parametrize([cell for cell in CELLS if cell not in NOT_IN_ONNX])
def test_onnx(onnx_files, cell):
    check(onnx_files, cell)
    assert "Identity" not in onnx_files[1]["alone" if cell in NAMES else cell]


@pytest.fixture(scope="module")
def litert_files(models, tmp_path_factory):
    names = [name for name in NAMES if name not in NOT_IN_LITERT]
    ours = models | {
        "alone": networks.moved(networks.alone(names)),
        "lstm": networks.moved(networks.lstm(length=6)),
    }
    directory = tmp_path_factory.mktemp("litert")
    return exported(ours, directory, "litert", ".tflite", names=names)


@parametrize([cell for cell in CELLS if cell not in NOT_IN_LITERT])
def test_litert(litert_files, cell):
    check(litert_files, cell)


@pytest.fixture(scope="module")
def keras_files(models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("keras")
    for name, model in models.items():
        write(name, model, directory)
        model.save(directory / f"{name}.keras")
        model.save_weights(directory / f"{name}.weights.h5")
    return {
        "keras": read("package_file", directory, without="tests.conftest"),
        "weights": read("weights_file", directory, without="tests.conftest"),
    }


@pytest.mark.parametrize("kind", ["keras", "weights"])
@parametrize(CELLS)
def test_files_of_keras(keras_files, kind, cell):
    assert keras_files[kind][0][cell] <= 1e-5


@pytest.fixture(scope="module")
def stripped(models):
    return {name: krn.placement.strip(model) for name, model in models.items()}


@pytest.fixture(scope="module")
def stripped_files(models, stripped, tmp_path_factory):
    directory = tmp_path_factory.mktemp("stripped")
    for name, model in models.items():
        write(name, model, directory)
        stripped[name].save(directory / f"{name}.keras")
    return read("keras_file", directory, without="keras_regnoise")


@parametrize(CELLS)
def test_stripped_files_need_keras_alone(stripped_files, cell):
    assert stripped_files[0][cell] <= 1e-5


@pytest.fixture(scope="module")
def int8_files(models, stripped, tmp_path_factory):
    directory = tmp_path_factory.mktemp("int8")
    for name, model in stripped.items():
        quantized = keras.models.clone_model(model)
        quantized.set_weights(model.get_weights())
        quantized.quantize("int8")
        write(name, quantized, directory)
        quantized.save(directory / f"{name}.keras")
    return read("keras_file", directory, without="keras_regnoise")


@parametrize(CELLS)
def test_int8_after_strip(int8_files, cell):
    assert int8_files[0][cell] <= 1e-5
