"""Numbers need Keras and NumPy; what needs more says so."""

from tests.helpers import run_python

BLOCKED = """
import sys
for name in ("matplotlib", "sklearn"):
    sys.modules[name] = None
import numpy as np
from keras_regnoise import analysis
assert analysis.coadaptation(np.eye(3)) > 0
for call in (
    lambda: analysis.mutual_information(np.arange(9.0), np.arange(9.0)),
    lambda: analysis.plots.batch_norm(),
):
    try:
        call()
    except ImportError as error:
        print(error)
"""
LOADED = """
import sys, keras
before = {name.split(".")[0] for name in sys.modules}
from keras_regnoise import analysis
added = {name.split(".")[0] for name in sys.modules} - before
print(*sorted(added))
"""


def test_without_the_extras():
    output = run_python(BLOCKED)
    assert "pip install scikit-learn" in output
    assert "pip install matplotlib" in output


def test_importing_imports_nothing_more():
    heavy = {"matplotlib", "sklearn", "scipy", "pandas"}
    assert not heavy & set(run_python(LOADED).split())
