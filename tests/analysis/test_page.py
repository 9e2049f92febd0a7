"""The examples of docs/analysis.md run, and print what the page says."""

import pytest

from tests.helpers import ROOT, run_page


def test_examples_of_the_page(tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    _, names = run_page("analysis.md")
    matplotlib.pyplot.close("all")
    assert names["ours"] == pytest.approx(0.095)
    assert names["shifts"]["ic/normalization"].mean > 1.05  # RotationOut is before it
    assert (tmp_path / "shift.png").exists()


@pytest.mark.parametrize("name", ["variance_shift", "mc_predict", "closed_forms"])
def test_figures_of_the_page(name):
    file = f"figures/analysis/{name}.png"
    assert file in (ROOT / "docs" / "analysis.md").read_text()
    assert (ROOT / "docs" / file).exists()
