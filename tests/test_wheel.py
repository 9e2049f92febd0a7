"""The wheel trains where there is nothing but a backend, Keras and NumPy."""

import subprocess
import sys
import zipfile

import keras
import pytest

from tests.helpers import ROOT, run_python

pytest.importorskip("hatchling")

# What Keras, NumPy and the backend need is there; of the rest, nothing.
TRAIN = """
import importlib.metadata as metadata, re, sys

wheel, backend = sys.argv[1:]
allowed, pending = set(), ["keras", "numpy", backend]
while pending:
    name = re.match("[A-Za-z0-9._-]+", pending.pop())[0].lower().replace("_", "-")
    if name not in allowed:
        allowed.add(name)
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        pending += [line for line in needed if "extra ==" not in line]
owners = metadata.packages_distributions()
blocked = {
    module
    for module, names in owners.items()
    if not {name.lower().replace("_", "-") for name in names} & allowed
}
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked and name.split(".")[0] != "keras_regnoise":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
sys.path.insert(0, wheel)

import keras, numpy as np
import keras_regnoise as krn

assert krn.__file__.startswith(wheel), krn.__file__
assert {"dask", "keras_tuner", "matplotlib", "sklearn"} & set(sys.modules) == set()
model = keras.Sequential(
    [
        keras.Input((4,)),
        keras.layers.Dense(8),
        krn.VarianceConstancy(),
        krn.DropActivation("relu", 0.1),
        krn.RotationOut(0.2),
        krn.ICLayer(0.1),
        keras.layers.Dense(1),
    ]
)
model.compile("sgd", "mse")
x = np.ones((16, 4), "float32")
before = model.get_weights()[0]
model.fit(x, x[:, :1], epochs=1, verbose=0)
assert np.any(model.get_weights()[0] != before)
assert len(krn.placement.strip(model).layers) < len(model.layers)
print(sorted(blocked & {"sklearn", "dask", "pytest"}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    subprocess.run([*command, directory], cwd=ROOT, check=True, capture_output=True)
    (file,) = directory.glob("*.whl")
    return file


def test_the_wheel_alone_imports_and_trains(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert "pytest" in run_python(TRAIN, tmp_path, keras.config.backend())


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "keras_regnoise",
        "keras_regnoise_command.py",
    }
    assert "keras_regnoise/py.typed" in names
    assert any(
        name.endswith("published/RotationOut.csv") or ".csv" in name for name in names
    )
