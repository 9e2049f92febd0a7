import pytest

pytest.importorskip("rich")
pytest.importorskip("scipy")
pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from keras_regnoise.studies import report
from keras_regnoise.studies.report import curves
from keras_regnoise.studies.report._run import Run
from keras_regnoise.studies.report._style import PAPER
from keras_regnoise.studies.report.drawing import draw, panels
from tests.studies.report.synthetic import ACCURACIES, fail, folder, published

NUMBERS = [published("none", 0.95), published("Dropout 0.1", 0.96, spread=0.01, n=5)]


def parts(manifest, records):
    return panels(manifest, report.summarize(manifest, records))


def drawn(panel):
    axes = Figure().subplots()
    return axes, draw(axes, panel, PAPER)


def points(axes, marker):
    return {
        (round(float(x), 3), round(float(y), 6))
        for line in axes.lines
        if line.get_marker() == marker
        for x, y in zip(*line.get_data(), strict=True)
    }


def test_lines_over_x_with_every_seed():
    (panel,) = parts(*folder())
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
    manifest, records = folder({k: v for k, v in accuracies.items() if k != "none"})
    manifest["description"]["baseline"] = "none 0"
    (panel,) = parts(manifest, records)
    assert [line.is_constant for line in panel.lines] == [True, False]
    assert panel.ticks == ((0.1, "0.1"),)
    # Dropout 0.0 is a point of Dropout's line.
    manifest, records = folder({"Dropout 0": [0.9], "Dropout 0.1": [0.8]})
    manifest["description"]["baseline"] = "Dropout 0"
    (panel,) = parts(manifest, records)
    assert [line.is_constant for line in panel.lines] == [False]
    assert panel.ticks == ((0.0, "0.0"), (0.1, "0.1"))


def test_published_numbers_share_axes_at_the_papers_scale_alone():
    short = parts(*folder(numbers=NUMBERS))
    assert [panel.source for panel in short] == ["ours", "paper"]
    axes, _ = drawn(short[1])
    assert points(axes, "D") == {(0.1, 96.0)}
    assert not points(axes, ".")
    (both,) = parts(*folder(numbers=NUMBERS, scale="paper"))
    axes, handles = drawn(both)
    assert {y for _, y in points(axes, "D")} == {96.0}
    assert "published" in handles
    assert points(axes, ".")


def test_without_x_the_arms_are_listed():
    (panel,) = parts(*folder(x="", series=""))
    axes, _ = drawn(panel)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == list(ACCURACIES)
    assert points(axes, "o") == {(92.0, 0.0), (94.0, -1.0), (87.0, -2.0)}


def test_words_and_uneven_numbers_on_the_axis():
    manifest, records = folder(
        {"none": [0.9], "a 0.0001": [0.8], "a 0.01": [0.8], "a 1": [0.7]}
    )
    (panel,) = parts(manifest, records)
    assert panel.ticks == ((0.0, "0.0001"), (1.0, "0.01"), (2.0, "1.0"))
    manifest["description"] |= {"x": "noise", "series": "rate"}
    assert parts(manifest, records)[0].ticks == ((0.0, "a"),)


def test_groups_have_panels():
    titles = [panel.title for panel in parts(*folder(groups=("A", "B")))]
    assert titles == ["A", "B"]
    assert parts(folder()[0], []) == []


def test_intervals_are_drawn_from_three_runs_on():
    manifest, records = folder()
    axes, _ = drawn(parts(manifest, records[:6])[0])
    assert not axes.collections
    low, high = axes.get_ylim()
    assert 84 < low < 85
    assert 93 < high < 94
    axes, _ = drawn(parts(manifest, records)[0])
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
    manifest, records = folder(groups=("A", "B"))
    file = report.figure(manifest, records[:count], tmp_path / f"figure.{suffix}")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert file.read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_learning_curves_have_mean_and_band():
    manifest, records = folder()
    fail(records, 8)
    run = Run(manifest, records)
    assert curves.curve_metric(run) == "val_accuracy"
    (panel,) = curves.curve_panels(run)[""]
    none, _, dropout = panel.curves
    assert none.epochs == (1, 2, 3)
    assert none.is_baseline
    last = report.Interval.of(ACCURACIES["none"])
    assert none.intervals[-1].mean == pytest.approx(last.mean)
    assert none.intervals[-1].half_width == pytest.approx(last.half_width)
    assert dropout.intervals[-1].count == 2


def test_validation_may_be_every_few_epochs():
    manifest, records = folder()
    manifest["recipe"]["validation_freq"] = 10
    (panel,) = curves.curve_panels(Run(manifest, records))[""]
    assert panel.curves[0].epochs == (10, 20, 30)


def test_curves_of_unequal_length_and_many_epochs():
    manifest, records = folder()
    records[0]["history"]["val_accuracy"] = [0.5] * 1001
    curve = curves.curve_panels(Run(manifest, records))[""][0].curves[0]
    assert curve.epochs[-1] == 1001
    assert len(curve.epochs) <= 200
    assert curve.intervals[-1].count == 1
    for record in records:
        record["history"] = None
    assert curves.curve_panels(Run(manifest, records)) == {}


def test_numbers_of_another_network_have_a_panel_of_their_own():
    number = published("Dropout 0.1", 0.7, of="ResNet-110")
    manifest, records = folder(scale="paper", numbers=[number])
    assert [panel.source for panel in parts(manifest, records)] == ["ours", "paper"]
    assert parts(manifest, records)[1].title == "The paper: ResNet-110"


def test_without_series_all_points_are_of_one_line():
    manifest, records = folder(series="")
    for arm in manifest["description"]["arms"]:
        del arm["values"]["noise"]
    for cell in [*manifest["cells"], *records]:
        name = cell["arm"]
        cell["values"] = {"rate": 0.0 if name == "none" else float(name.split()[1])}
    (panel,) = parts(manifest, records)
    (line,) = panel.lines
    assert [place for place, _ in line.arms] == [0.0, 0.1, 0.3]


def test_errors_are_drawn_as_the_accuracies_of_the_history():
    manifest, records = folder(metric="test_error")
    for record in records:
        record["metrics"]["test_error"] = 1 - record["metrics"]["test_accuracy"]
        record["history"]["val_loss"] = record["history"]["loss"]
    assert curves.curve_metric(Run(manifest, records)) == "val_accuracy"
