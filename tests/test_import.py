import keras
import pytest

import keras_regnoise
from tests.helpers import ROOT, run_python

OTHERS = {"tensorflow", "jax", "torch"} - {keras.config.backend()}
# TensorFlow imports JAX by itself where it finds it, and the other way round.
HEAVY = {"tensorflow_datasets", "keras_tuner", "sklearn", "matplotlib", "rich", "scipy"}


def modules(statement):
    code = f"import sys, keras\n{statement}\nprint(*sys.modules)"
    return {name.split(".")[0] for name in run_python(code).split()}


def test_importing_the_package_imports_nothing_that_keras_does_not():
    added = modules("import keras_regnoise") - modules("pass")
    assert added & (HEAVY | OTHERS) == set()
    assert added == {"keras_regnoise"} or added <= {"keras_regnoise", "statistics"}


@pytest.mark.parametrize("name", keras_regnoise.__all__)
def test_public_names_exist_and_are_documented(name):
    member = getattr(keras_regnoise, name)
    assert name == "__version__" or member.__doc__


def test_the_package_is_typed():
    assert (ROOT / "keras_regnoise" / "py.typed").exists()
