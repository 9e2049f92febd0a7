"""The guide's code runs and prints what the page says."""

import re

import keras
import pytest

from tests.helpers import run_page

pytest.importorskip("sklearn")


def without_numbers(text):
    return re.sub(r"\d+\.\d+", "N", text)


@pytest.mark.tensorflow
def test_the_guide(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    keras.backend.clear_session(free_memory=False)  # layers get their first names
    page, names = run_page("drop_in.md")
    printed = capsys.readouterr().out
    said = re.findall(r"```\n\n```\n(.*?)```", page, flags=re.DOTALL)
    assert len(said) == 3
    assert without_numbers(printed) == without_numbers("".join(said))
    assert names["loaded"].layers[2].rate == 0.2
    assert (tmp_path / "deployed.keras").exists()
