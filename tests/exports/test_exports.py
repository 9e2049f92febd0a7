"""Every layer, alone and in networks, in every kind of file that Keras exports.

One process for each kind of file reads all of them. Where the file needs neither Keras
nor this package, neither can be imported in it. What cannot be exported is in the table
of docs/exports.md, whose lines are tested here too.
"""

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.exports import networks, readers
from tests.exports.files import read, write
from tests.exports.networks import NAMES, NETWORKS
from tests.layers.cases import CASES, SEED_CASES

pytestmark = pytest.mark.tensorflow

CELLS = [*NAMES, *(name for name in NETWORKS if name != "alone")]
NOT_IN_ONNX = {"drop_gelu"}
NOT_IN_LITERT = {"weight_drop_lstm"}
SUFFIXES = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
# Of a SavedModel: what calls functions and names tensors computes nothing.
PLUMBING = {"NoOp", "Identity", "Placeholder", "Const", "StatefulPartitionedCall"}
RANDOM = ("Random", "RANDOM", "Bernoulli", "Multinomial", "Dropout", "Bitwise", "Flex")


@pytest.fixture(scope="module")
def models():
    return {
        name: networks.scaled(name, networks.moved(make()))
        for name, make in NETWORKS.items()
    }


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


def noise_on(model, path):
    """Write a SavedModel that has a second signature, with the noise on."""
    import tensorflow as tf

    specs = [tf.TensorSpec(x.shape, x.dtype, x.name) for x in model.inputs]
    specs = specs if len(specs) > 1 else specs[0]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", lambda x: model(x, training=False), [specs])
    archive.add_endpoint("monte_carlo", lambda x: model(x, training=True), [specs])
    archive.write_out(path, verbose=False)


@pytest.fixture(scope="module")
def with_noise(models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("with_noise")
    for name, model in models.items():
        write(name, model, directory)
        model.trainable = False  # BatchNormalization keeps its statistics
        noise_on(model, directory / name)
        model.trainable = True
    return read("with_noise", directory)


@parametrize(CELLS)
def test_saved_model_with_noise_on(with_noise, cell):
    errors, same = with_noise
    assert errors[cell] <= 1e-5
    if cell in NAMES:
        is_same = NAMES.index(cell) in same["alone"]
        assert is_same == (cell not in {case.name for case in SEED_CASES})
    else:
        assert same[cell] == []


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


@pytest.mark.parametrize("file_format", ["tf_saved_model", "onnx", "litert"])
def test_layers_of_noise_alone_leave_no_operation(file_format, tmp_path):
    if file_format == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    noisy = networks.alone([case.name for case in CASES if case.is_noise_only])
    outputs = [keras.layers.Rescaling(2.0)(x) for x in noisy.inputs]
    found = []
    for name, model in ("noisy", noisy), ("plain", keras.Model(noisy.inputs, outputs)):
        model([np.ones([n or 2 for n in x.shape], "float32") for x in noisy.inputs])
        file = f"{tmp_path / name}{SUFFIXES[file_format]}"
        model.export(file, format=file_format, verbose=False)
        _, operations = getattr(readers, file_format)(tmp_path / name)
        found.append(sorted(op for op in operations if op not in PLUMBING))
    assert found[0] == found[1]
    assert len(found[1]) >= len(outputs)


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
