"""The command where nothing but Keras and NumPy is installed."""

import tomllib

import pytest

from keras_regnoise.cli import extras
from tests.helpers import ROOT, run_python

# A module that is None can't be imported, as if it were not there.
CODE = """
import sys
sys.modules |= dict.fromkeys(sys.argv.pop(1).split())
sys.stderr = sys.stdout
import keras_regnoise_command
try:
    print("code", keras_regnoise_command.main())
except SystemExit as stop:
    print("code", stop.code)
"""
MODULES = {"scikit-learn": "sklearn"}


def bare(*arguments):
    """Run the command without what the extra `studies` installs."""
    return run_python(CODE, " ".join(extras.STUDIES), *arguments)


def test_the_extra_is_known_as_it_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["optional-dependencies"]["studies"]
    names = [requirement.partition(">")[0] for requirement in declared]
    modules = [MODULES.get(name, name.replace("-", "_")) for name in names]
    assert sorted(modules) == sorted(extras.STUDIES)


def test_what_only_shows_needs_no_extra():
    assert "COMMAND" in bare("--help")
    assert "keep-rate" in bare("list")
    assert "Scale smoke" in bare("describe", "keep-rate")
    run = ROOT / "tests" / "studies" / "data" / "tiny"
    assert "cells done" in bare("status", run)


def test_doctor_names_what_is_missing():
    output = bare("doctor")
    assert "code 1" in output
    (problem,) = [line for line in output.splitlines() if "problem" in line]
    for name in extras.STUDIES:
        assert name in problem
    assert "pip install 'keras-regnoise[studies]'" in problem
    assert "does not start" not in output


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["run", "keep-rate"], "keras_tuner, distributed"),
        (["tune", "m.py:f", "--data", "digits"], "keras_tuner, distributed"),
        (["export", "x", "--best"], "distributed"),
        (["plan", "keep-rate"], "distributed"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_other_commands_say_what_to_install(arguments, name):
    *lines, code = bare(*arguments).splitlines()
    assert code == "code 2"
    assert len(lines) == 1
    assert name in lines[0]
    assert "pip install 'keras-regnoise[studies]'" in lines[0]
