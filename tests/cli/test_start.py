"""What needs no backend starts without one; a wait would be its import."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.helpers import ROOT, run_python
from tests.studies.engine.command import TINY

RUN = ROOT / "tests" / "studies" / "data" / "tiny"
HEAVY = (
    *("keras", "tensorflow", "jax", "torch", "keras_tuner", "distributed", "dask"),
    *("scipy", "matplotlib", "sklearn", "pandas", "pyarrow", "numpy"),
)
# Prints which of the modules are there when stdout gets its first line.
CODE = """
import sys
import keras_regnoise_command
from io import StringIO

heavy, before = sys.argv.pop(1).split(), []

class Watched(StringIO):
    def write(self, text):
        before.extend(name for name in heavy if name in sys.modules)
        heavy.clear()
        return len(text)

shown, sys.stdout = sys.stdout, Watched()
try:
    keras_regnoise_command.main()
except SystemExit:
    pass
assert not heavy, "nothing was printed"
print("imported", *before, file=shown)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["tune", "--help"],
        ["doctor", "--help"],
        ["list"],
        ["describe", "keep-rate"],
        ["describe", "vcl-uci", "--format", "json"],
        ["plan", "keep-rate", "--no-cost"],
        ["status", RUN],
        ["report", RUN],
        ["compare", RUN, RUN],
    ],
    ids=lambda arguments: " ".join(map(str, arguments[:1])),
)
def test_nothing_heavy_is_imported_before_there_is_something_to_read(
    arguments, tmp_path
):
    if RUN in arguments:
        copy = tmp_path / "run"
        shutil.copytree(RUN, copy)
        arguments = [copy if word == RUN else word for word in arguments]
    assert run_python(CODE, " ".join(HEAVY), *arguments).split() == ["imported"]


# Without JAX the command itself runs on TensorFlow.
WITHOUT_JAX = """
import sys
sys.modules |= {"jax": None, "jaxlib": None}
import keras_regnoise_command
sys.stderr.flush()
sys.exit(keras_regnoise_command.main())
"""


@pytest.mark.tensorflow
@pytest.mark.parametrize("arguments", [["describe", TINY], ["plan", TINY, "--no-cost"]])
def test_tensorflow_starts_without_a_word(arguments):
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_JAX, *map(str, arguments)],
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "0"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    lines = result.stderr.splitlines()
    assert [line for line in lines if not line.startswith("keras-regnoise: ")] == []
    assert "RotationOut 0.4" in result.stdout


def test_the_engine_is_imported_without_keras():
    """So that a run sends what a backend prints to its logs before it starts one."""
    code = (
        "import sys, keras_regnoise_command\n"
        "keras_regnoise_command.started = True\n"
        "from keras_regnoise.studies.engine import execute, plan\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    assert run_python(code).strip() == "[]"
