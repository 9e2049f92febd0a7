import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from keras_regnoise._figures import LIGHT
from keras_regnoise.studies import report
from keras_regnoise.studies.report import figures
from keras_regnoise.studies.report.figures.drawing import draw
from keras_regnoise.studies.report.figures.panels import panels
from tests.studies.report.synthetic import (
    ACCURACIES,
    described,
    first,
    published,
    toy,
)

NUMBERS = [published("none", 0.95), published("Dropout 0.1", 0.96, spread=0.01, n=5)]


def parts(run):
    return panels(run, report.summarize(run))


def drawn(panel):
    axes = Figure().subplots()
    return axes, draw(axes, panel, LIGHT)


def points(axes, marker):
    return {
        (round(float(x), 3), round(float(y), 6))
        for line in axes.lines
        if line.get_marker() == marker
        for x, y in zip(*line.get_data(), strict=True)
    }


def test_lines_over_x_with_every_seed():
    (panel,) = parts(toy())
    axes, handles = drawn(panel)
    assert list(handles) == ["none", "Dropout"]
    runs = {(0.1, round(100 * v, 6)) for v in ACCURACIES["Dropout 0.1"]}
    runs |= {(0.3, round(100 * v, 6)) for v in ACCURACIES["Dropout 0.3"]}
    assert points(axes, ".") == runs
    assert points(axes, "o") == {(0.1, 94.0), (0.3, 87.0)}
    assert axes.get_xlabel() == "rate"
    assert axes.get_ylabel() == "test accuracy, %"
    # The baseline has no rate: a line across.
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in dashed] == [[92.0, 92.0]]


def test_a_baseline_of_its_own_is_a_line_across_at_any_rate():
    accuracies = {"none 0": [0.9], "none": [0.9], "Dropout 0.1": [0.8]}
    accuracies = {k: v for k, v in accuracies.items() if k != "none"}
    (panel,) = parts(toy(accuracies, baseline="none 0"))
    assert [line.is_constant for line in panel.lines] == [True, False]
    assert panel.ticks == ((0.1, "0.1"),)
    # Dropout 0.0 is a point of Dropout's line.
    accuracies = {"Dropout 0": [0.9], "Dropout 0.1": [0.8]}
    (panel,) = parts(toy(accuracies, baseline="Dropout 0"))
    assert [line.is_constant for line in panel.lines] == [False]
    assert panel.ticks == ((0.0, "0.0"), (0.1, "0.1"))


def test_published_numbers_share_axes_at_the_papers_scale_alone():
    short = parts(toy(numbers=NUMBERS))
    assert [panel.source for panel in short] == ["ours", "paper"]
    axes, _ = drawn(short[1])
    assert points(axes, "D") == {(0.1, 96.0)}
    assert not points(axes, ".")
    (legend,) = figures.drawn(toy(numbers=NUMBERS)).legends
    shown = dict(
        zip((t.get_text() for t in legend.texts), legend.legend_handles, strict=True)
    )
    assert shown["Dropout"].get_marker() == "o"  # of the run, not of the paper
    (both,) = parts(toy(numbers=NUMBERS, scale="paper"))
    axes, handles = drawn(both)
    assert {y for _, y in points(axes, "D")} == {96.0}
    assert "published" in handles
    assert points(axes, ".")


def test_without_x_the_arms_are_listed():
    (panel,) = parts(toy(x="", series=""))
    axes, _ = drawn(panel)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == list(ACCURACIES)
    assert points(axes, "o") == {(92.0, 0.0), (94.0, -1.0), (87.0, -2.0)}


def test_words_and_uneven_numbers_on_the_axis():
    run = toy({"none": [0.9], "a 0.0001": [0.8], "a 0.01": [0.8], "a 1": [0.7]})
    (panel,) = parts(run)
    assert panel.ticks == ((0.0, "0.0001"), (1.0, "0.01"), (2.0, "1.0"))
    other = described(run, x="noise", series="rate")
    assert parts(other)[0].ticks == ((0.0, "a"),)


def test_whole_numbers_stay_whole_on_the_axis():
    depths = {"none": 0, "a 4": 4, "a 8": 8}
    run = toy(
        {"none": [0.9], "a 4": [0.8], "a 8": [0.8]},
        values=lambda arm: {"depth": depths[arm.name], "noise": arm.name[0]},
        x="depth",
    )
    assert parts(run)[0].ticks == ((4.0, "4"), (8.0, "8"))


def test_groups_have_panels():
    titles = [panel.title for panel in parts(toy(groups=("A", "B")))]
    assert titles == ["A", "B"]
    assert parts(first(toy(), 0)) == []


def test_intervals_are_drawn_from_three_runs_on():
    run = toy()
    axes, _ = drawn(parts(first(run, 6))[0])
    assert not axes.collections
    low, high = axes.get_ylim()
    assert 84 < low < 85
    assert 93 < high < 94
    axes, _ = drawn(parts(run)[0])
    bars = {
        tuple(round(float(y), 2) for _, y in segment)
        for collection in axes.collections
        for segment in collection.get_segments()
    }
    # 87 ± 4.303, and 94 ± 6.572 cut at 100.
    assert bars == {(82.7, 91.3), (87.43, 100.0)}


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("count", [0, 9])
def test_figure_files(tmp_path, suffix, count):
    run = first(toy(groups=("A", "B")), count)
    file = report.figure(run, tmp_path / f"figure.{suffix}")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert file.read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_numbers_of_another_network_have_a_panel_of_their_own():
    number = published("Dropout 0.1", 0.7, of="ResNet-110")
    ours, paper = parts(toy(scale="paper", numbers=[number]))
    assert (ours.source, paper.source) == ("ours", "paper")
    assert paper.title == "The paper: ResNet-110"


def test_without_series_all_points_are_of_one_line():
    def values(arm):
        return {"rate": 0.0 if arm.name == "none" else float(arm.name.split()[1])}

    (panel,) = parts(toy(series="", values=values))
    (line,) = panel.lines
    assert [place for place, _ in line.arms] == [0.0, 0.1, 0.3]


def test_groups_that_are_the_places_of_an_axis_are_one_panel():
    def values(arm):
        return {"noise": arm.name, "rate": int(arm.group.split()[1])}

    run = toy(groups=("batch 2", "batch 4", "batch 8"), values=values)
    (panel,) = parts(run)
    assert panel.title == ""
    assert [line.name for line in panel.lines] == ["none", "Dropout 0.1", "Dropout 0.3"]
    for line in panel.lines:
        assert [(place, arm.group) for place, arm in line.arms] == [
            (2.0, "batch 2"),
            (4.0, "batch 4"),
            (8.0, "batch 8"),
        ]
    assert len({line.index for line in panel.lines}) == 3


def test_lines_of_one_color_differ_in_marker_and_dashes():
    count = 2 * len(LIGHT.series)
    values = {f"N{i} {rate}": [0.5] * 3 for i in range(count) for rate in (0.1, 0.3)}
    run = toy({"none": [0.5] * 3, **values})
    # Six lines at most share a panel; those of a figure share its legend.
    handles = {k: v for panel in parts(run) for k, v in drawn(panel)[1].items()}
    looks = {
        (h.get_color(), h.get_marker(), h.get_linestyle()) for h in handles.values()
    }
    assert len(looks) == len(handles) == count + 1
