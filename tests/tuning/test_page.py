"""The examples of docs/tuning.md run and print what they say."""

import re

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras

import keras_regnoise as krn
from tests.helpers import run_page

SHORT = {
    "rates": (0.2,),
    "placements": ("before_head",),
    "epochs": 1,
    "seeds": 2,
    "trainings": 12,
    "measure": 3,
}


def test_examples_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    race = krn.tuning.race
    monkeypatch.setattr(
        krn.tuning, "race", lambda *data, **options: race(*data, **options | SHORT)
    )
    page, names = run_page("tuning.md")
    *_, space = re.findall(r"\n\n```\n(.*?)```", page, flags=re.DOTALL)
    assert capsys.readouterr().out.endswith(space)
    assert len(names["tuner"].oracle.trials) == 5
    best = keras.saving.load_model("best.keras")
    assert best.predict(names["x"][:2], verbose=0).shape == (2, 10)
