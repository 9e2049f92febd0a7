"""The examples of docs/tuning.md run and print what they say."""

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras

import keras_regnoise as krn
from tests.helpers import run_page

# The race on every backend is in tests/studies/test_one_call.py.
pytestmark = pytest.mark.tensorflow

SHORT = {
    "rates": (0.2,),
    "placements": ("before_head",),
    "epochs": 1,
    "seeds": 2,
    "trainings": 12,
    "measure": 3,
    "verbose": 0,
}


def test_examples_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    race = krn.tuning.race
    monkeypatch.setattr(
        krn.tuning, "race", lambda *data, **options: race(*data, **options | SHORT)
    )
    _, names = run_page("tuning.md", other_output=("tuning.race(", "tuner.search("))
    assert names["result"].sentence
    assert len(names["tuner"].oracle.trials) == 5
    best = keras.saving.load_model("best.keras")
    assert best.predict(names["x"][:2], verbose=0).shape == (2, 10)
