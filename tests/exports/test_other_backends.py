"""Every layer in a file of one backend, in a fresh process of another."""

import importlib.util

import keras
import pytest

from tests.exports import networks
from tests.exports.files import read, write
from tests.helpers import run_python

BACKEND = keras.config.backend()
OTHERS = [name for name in ("tensorflow", "jax", "torch") if name != BACKEND]
SAVE = """
import pathlib, sys
from tests.exports.test_other_backends import save
save(pathlib.Path(sys.argv[1]))
"""


def save(directory):
    """Write every layer in one model, with its predictions."""
    model = networks.moved(networks.alone())
    write("alone", model, directory)
    model.save(directory / "alone.keras")


@pytest.fixture(scope="module", params=OTHERS)
def other(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    directory = tmp_path_factory.mktemp(BACKEND)
    save(directory)
    return directory


@pytest.fixture(scope="module")
def theirs(other, tmp_path_factory):
    directory = tmp_path_factory.mktemp(other)
    run_python(SAVE, directory, KERAS_BACKEND=other)
    return directory


def different(directory, backend):
    """Layers that say something else in a fresh process of a backend, and how much."""
    options = {"without": "tests.conftest", "KERAS_BACKEND": backend}
    errors, _ = read("package_file", directory, **options)
    assert errors.keys() == {"alone", *networks.NAMES}
    return {name: error for name, error in errors.items() if not error <= 1e-5}


def test_our_file_says_the_same_there(ours, other):
    assert different(ours, other) == {}


def test_their_file_says_the_same_here(theirs):
    assert different(theirs, BACKEND) == {}
