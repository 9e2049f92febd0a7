"""Without keras-tuner the package imports, and says what is missing when it is used."""

import pytest

from keras_regnoise import tuning
from tests.helpers import run_python

BLOCKED = """
import sys
sys.modules["keras_tuner"] = None  # so that importing it fails
import keras_regnoise as krn
for use in (lambda: krn.tuning.NoiseHyperModel,
            lambda: krn.tuning.enumerate_space(lambda hp: None)):
    try:
        use()
    except ImportError as error:
        print("ImportError:", error)
"""


def test_without_keras_tuner():
    lines = run_python(BLOCKED).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ImportError:", "NoiseHyperModel"],
        ["ImportError:", "enumerate_space"],
    ]
    assert all("pip install 'keras-regnoise[studies]'" in line for line in lines)


def test_public_names():
    pytest.importorskip("keras_tuner")
    assert set(tuning.__all__) <= set(dir(tuning))
    assert all(getattr(tuning, name).__doc__ for name in tuning.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Noise'"):
        tuning.Noise  # noqa: B018
