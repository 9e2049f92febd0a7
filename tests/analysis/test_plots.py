import numpy as np
import pytest

from keras_regnoise import _figures, analysis
from keras_regnoise.analysis import plots

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

SHIFTS = {
    f"layer{i}": analysis.VarianceShift(np.array([2.0 * i, 1.0]), np.ones(2))
    for i in range(1, 4)
}
CALIBRATION = analysis.calibration([[0.9, 0.1], [0.4, 0.6]], [0, 0])
DRAWN = {
    "variance_shift": ({"one": SHIFTS, "two": [SHIFTS, SHIFTS]},),
    "coadaptation": ({"one": {"a": 1.0, "b": 2.0}},),
    "kurtosis": ({"a": np.array([1.0, 3.0, np.nan]), "b": np.array([5.0])},),
    "correlation": (np.eye(3),),
    "calibration": ({"one": CALIBRATION},),
    "batch_norm": ((2, 4),),
    "drop_activation_shift": (),
    "coadaptation_factor": ((4, 8),),
}


@pytest.fixture(autouse=True)
def _closed():
    yield
    matplotlib.pyplot.close("all")


def test_every_figure_is_drawn_here():
    assert set(DRAWN) == set(plots.__all__) - {"style"}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("dark", [False, True])
def test_draws_on_new_axes_and_on_given_ones(name, dark, tmp_path):
    draw = getattr(plots, name)
    with plots.style(dark=dark):
        ax = draw(*DRAWN[name])
    assert ax.has_data()
    assert ax.get_xlabel() or ax.get_xticklabels()
    assert ax.get_ylabel()
    brightness = np.mean(ax.figure.get_facecolor()[:3])
    assert (brightness < 0.5) == dark
    ax.figure.savefig(tmp_path / "figure.png")
    _, given = matplotlib.pyplot.subplots()
    assert draw(*DRAWN[name], ax=given) is given


def test_lines_are_the_numbers():
    ax = plots.variance_shift({"one": SHIFTS, "two": [SHIFTS, SHIFTS]})
    one = next(line for line in ax.get_lines() if line.get_label() == "one")
    assert one.get_ydata().tolist() == [1.5, 2.5, 3.5]
    assert [text.get_text() for text in ax.get_xticklabels()] == list(SHIFTS)
    assert ax.get_legend().get_texts()[1].get_text() == "two (2 runs)"


@pytest.mark.parametrize("dark", [False, True])
def test_the_style_is_that_of_the_reports(dark):
    palette = _figures.DARK if dark else _figures.LIGHT
    with plots.style(dark=dark):
        ax = plots.coadaptation({"one": {"a": 1.0}, "two": {"a": 2.0}})
    lines = [line for line in ax.get_lines() if line.get_label() in ("one", "two")]
    assert [line.get_color() for line in lines] == list(palette.series[:2])
    assert ax.yaxis.label.get_color() == palette.ink


def test_the_style_ends_with_its_context():
    before = dict(matplotlib.rcParams)
    with plots.style(dark=True):
        assert dict(matplotlib.rcParams) != before
    assert dict(matplotlib.rcParams) == before
