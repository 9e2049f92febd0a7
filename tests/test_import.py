import os
import subprocess
import sys

import keras
import pytest

import keras_regnoise
from tests.helpers import ROOT, run_python

OTHERS = {"tensorflow", "jax", "torch"} - {keras.config.backend()}
# TensorFlow imports JAX by itself where it finds it, and the other way round.
HEAVY = {"tensorflow_datasets", "keras_tuner", "sklearn", "matplotlib", "rich", "scipy"}


def test_importing_the_package_imports_nothing_that_keras_does_not():
    """And its layers are registered: who loads a model imports nothing else."""
    code = """
import sys, keras
def names():
    return {name.split(".")[0] for name in sys.modules}
before = names()
import keras_regnoise
print(*names() - before)
for name in ("RotationOut", "ICLayer", "VarianceConstancy"):
    assert keras.saving.get_registered_object(f"keras_regnoise>{name}")
"""
    added = set(run_python(code).split())
    assert added & (HEAVY | OTHERS) == set()
    assert added == {"keras_regnoise"} or added <= {"keras_regnoise", "statistics"}


@pytest.mark.parametrize("name", keras_regnoise.__all__)
def test_public_names_exist_and_are_documented(name):
    member = getattr(keras_regnoise, name)
    assert name == "__version__" or member.__doc__


def test_the_package_is_typed():
    assert (ROOT / "keras_regnoise" / "py.typed").exists()


def test_every_public_name_is_listed_and_can_be_imported():
    assert set(keras_regnoise.__all__) <= set(dir(keras_regnoise))
    from keras_regnoise import report, studies

    assert report is studies.report
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = keras_regnoise.nothing


def test_the_package_run_by_name_is_the_command():
    result = subprocess.run(
        [sys.executable, "-m", "keras_regnoise", "list"],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "keep-rate" in result.stdout
    assert "keras_regnoise.cli.main" in imported
    assert imported & {"keras", "tensorflow", "jax", "torch"} == set()


def test_the_command_imports_keras_only_when_it_needs_it():
    run_python(
        "import keras_regnoise_command, sys\n"
        "keras_regnoise_command.started = True\n"
        "import keras_regnoise, keras_regnoise.studies\n"
        "assert 'keras' not in sys.modules\n"
        "assert keras_regnoise.RotationOut.__name__ == 'RotationOut'"
    )
