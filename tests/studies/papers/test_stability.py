"""Results that were recorded belong to the studies as they are: nothing has moved."""

import hashlib

import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise import datasets
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from tests.helpers import run_python

# The names of all cells of all arms, at the scales smoke, short and paper.
CELLS = {
    "keep-rate": "057f12ee9cb8eb79",
    "rotationout-keep-rate": "329cc5ce1be93824",
    "drop-activation": "b01bba6fa02f27df",
    "ic-units": "0183a761e6ddfeff",
    "dropout-placement": "847cd3dfd24d28d0",
    "vcl-uci": "4e2fa26d9b1ad9b3",
    "vcl-cifar": "4294dfc02df07b64",
}
# The networks of the cells of scale smoke.
NETWORKS = {
    "keep-rate": "13962c29bfa456a3",
    "rotationout-keep-rate": "1d87a67a551d2792",
    "drop-activation": "36260455a8346611",
    "ic-units": "a9ce0345987bb536",
    "dropout-placement": "243cfa7767f780ff",
    "vcl-uci": "89b3b3d9469299f9",
    "vcl-cifar": "cde7836d3f47925b",
}


def digest(lines):
    return hashlib.sha256("\n".join(map(str, lines)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", CELLS)
def test_cells_keep_their_names(name):
    study = registry.find(name)[0]
    names = [c.id for scale in study.recipes for c in study.cells(scale, ["*"])]
    assert digest(names) == CELLS[name]


def seeds(config, path=""):
    """Return every seed of a configuration, with its place."""
    if isinstance(config, dict):
        items = config.items()
    elif isinstance(config, list | tuple):
        items = enumerate(config)
    else:
        return [f"{path}={config}"] if path.endswith("/seed") else []
    return [one for key, value in items for one in seeds(value, f"{path}/{key}")]


def described(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from described(layer)
        else:
            kind = type(layer).__name__
            shape = layer.output.shape
            yield (
                layer.name,
                kind,
                shape,
                layer.count_params(),
                *seeds(layer.get_config()),
            )


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_keep_their_layers_sizes_and_seeds(name):
    study = registry.find(name)[0]
    recipe = study.recipe("smoke")
    lines = []
    for cell in study.cells("smoke", seeds=[1]):
        keras.backend.clear_session()  # it counts layers without a name
        data = datasets.load(cell.arm.data or study.data, examples=100)
        network = study.load_model()(recipe, data).build(hyperparameters(cell))
        lines += [cell.id, network.optimizer.name, *described(network)]
    assert digest(lines) == NETWORKS[name]


def test_studies_are_described_without_keras():
    code = """
import sys, types
package = types.ModuleType("keras_regnoise")
package.__path__ = ["keras_regnoise"]
sys.modules["keras_regnoise"] = package
from keras_regnoise.studies import registry
for name in registry.names():
    registry.find(name)[0].as_json()
print(*{name.split(".")[0] for name in sys.modules})
"""
    heavy = {"keras", "keras_tuner", "numpy", "tensorflow", "jax", "torch"}
    assert not set(run_python(code).split()) & heavy


def test_every_model_that_a_study_names_is_there():
    for name in registry.names():
        assert callable(registry.find(name)[0].load_model())
