"""The examples of docs/analysis.md run, and print what the page says."""

import pytest

from tests.helpers import ROOT, run_page


def test_examples_of_the_page(tmp_path, monkeypatch, capsys):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    run_page("analysis.md")
    matplotlib.pyplot.close("all")
    printed = capsys.readouterr().out.split("\n")
    assert "(500, 3) (500, 3)" in printed
    assert float(printed[-3]) == pytest.approx(0.095)
    assert float(printed[-2]) == 0.0
    assert (tmp_path / "shift.png").exists()


@pytest.mark.parametrize("name", ["variance_shift", "mc_predict", "closed_forms"])
def test_figures_of_the_page(name):
    file = f"figures/analysis/{name}.png"
    assert file in (ROOT / "docs" / "analysis.md").read_text()
    assert (ROOT / "docs" / file).exists()
