"""The guide's code runs and prints what the page says."""

import pytest

from tests.helpers import run_page

pytest.importorskip("sklearn")


@pytest.mark.tensorflow
def test_the_guide(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    _, names = run_page("drop_in.md")
    assert names["loaded"].layers[2].rate == 0.2
    assert (tmp_path / "deployed.keras").exists()
