"""The examples of docs/tuning.md and of the docstrings run and print what they say."""

import doctest
import importlib
import re

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras

from tests.helpers import ROOT


def test_examples_of_the_page(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "tuning.md").read_text()
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(code, names)
    (space,) = re.findall(r"\n\n```\n(.*?)```", page, flags=re.DOTALL)
    assert capsys.readouterr().out.endswith(space)
    assert len(names["tuner"].oracle.trials) == 5
    best = keras.saving.load_model("best.keras")
    assert best.predict(names["x"][:2], verbose=0).shape == (2, 10)


@pytest.mark.parametrize("name", ["noise", "noise_hyper_model", "enumerate_space"])
def test_examples_of_the_docstrings(name):
    keras.utils.clear_session()
    module = importlib.import_module(f"keras_regnoise.tuning.{name}")
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
