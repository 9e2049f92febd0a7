import math
from dataclasses import replace

import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from keras_regnoise._figures import LIGHT
from keras_regnoise.studies import report
from keras_regnoise.studies.report import figures
from keras_regnoise.studies.report.figures.curve_drawing import draw_curves
from keras_regnoise.studies.report.figures.curves import curve_metric, curve_panels
from tests.studies.report.synthetic import ACCURACIES, changed, failed, measured, toy


def with_history(run, index=None, **history):
    return changed(run, lambda r: replace(r, history=history), index)


def test_learning_curves_have_mean_and_band():
    run = failed(toy(), 8)
    assert curve_metric(run) == "val_accuracy"
    (panel,) = curve_panels(run)[""]
    none, _, dropout = panel.curves
    assert none.epochs == (1, 2, 3)
    assert none.is_baseline
    last = report.Interval.of(ACCURACIES["none"])
    assert none.intervals[-1].mean == pytest.approx(last.mean)
    assert none.intervals[-1].half_width == pytest.approx(last.half_width)
    assert dropout.intervals[-1].count == 2


def test_validation_may_be_every_few_epochs():
    (panel,) = curve_panels(toy(recipe={"validation_freq": 10}))[""]
    assert panel.curves[0].epochs == (10, 20, 30)


def test_curves_of_unequal_length_and_many_epochs():
    run = with_history(toy(), 0, val_accuracy=[0.5] * 1001)
    curve = curve_panels(run)[""][0].curves[0]
    assert curve.epochs[-1] == 1001
    assert len(curve.epochs) <= 200
    assert curve.intervals[-1].count == 1
    assert curve_panels(with_history(toy())) == {}


def test_errors_are_drawn_as_the_accuracies_of_the_history():
    run = toy(metric="test_error")
    for index, accuracy in enumerate([r.metrics["test_accuracy"] for r in run.records]):
        run = measured(run, index, test_error=1 - accuracy)
    assert curve_metric(run) == "val_accuracy"
    assert curve_metric(run, "test_loss") == "loss"


LONG = [0.1, 0.2] + [0.9 + 0.001 * i for i in range(38)]


@pytest.mark.parametrize(
    "histories",
    [
        {"val_accuracy": [0.2, 0.9, 0.95, 0.96]},
        {"val_accuracy": LONG},
        {"val_loss": [1.0 - a for a in LONG]},
        {"val_loss": [0.3] * 36 + [1e9] * 4},
        {"val_accuracy": [0.9] * 40},
    ],
)
def test_curves_stay_inside_their_panels(histories):
    metric = "test_loss" if "val_loss" in histories else None
    (panel,) = curve_panels(with_history(toy(), **histories), metric)[""]
    axes = Figure().subplots()
    draw_curves(axes, panel, LIGHT)
    low, high = axes.get_ylim()
    seen = 0
    for line in axes.lines:
        values = [v for v in line.get_ydata() if math.isfinite(v)]
        assert all(low <= v <= high for v in values)
        seen += len(values)
    for band in axes.collections:
        for path in band.get_paths():
            assert all(low <= y <= high for _, y in path.vertices)
    points = 3 * len(next(iter(histories.values())))
    # No more than the worst tenth of a long curve is left out, and nothing of others.
    assert seen >= (points if points < 60 else 0.9 * points)


def test_the_last_epoch_is_seen_of_an_arm_that_learns_nothing():
    run = with_history(toy(), val_accuracy=LONG)
    for index in (2, 5, 8):  # Dropout 0.3
        run = with_history(run, index, val_accuracy=[0.1] * 40)
    (panel,) = curve_panels(run)[""]
    low, high = panel.limits
    for curve in panel.curves:
        assert low <= 100 * curve.intervals[-1].mean <= high


@pytest.mark.parametrize("groups", [("MLP", "ConvNet"), ("MLP",)])
@pytest.mark.parametrize("arms", [4, 3])
def test_panels_of_one_image_say_their_group(groups, arms, tmp_path, monkeypatch):
    """Where there are several, each has arms of the same names."""
    seeds = {f"Dropout 0.{rate}": [0.9, 0.91, 0.92] for rate in range(1, arms)}
    run = toy({"none": [0.9, 0.92, 0.94], **seeds}, groups=groups)
    images = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda image, *a, **k: images.append(image) or save(image, *a, **k),
    )
    assert figures.curves_figure(run, tmp_path / "curves.png")
    titles = [axes.get_title(loc="left") for axes in images[0].axes if axes.lines]
    if arms == 3:  # together
        assert titles == list(groups)
    elif len(groups) == 1:
        assert titles == list(seeds)
    else:
        assert titles == [f"{group}\n{arm}" for group in groups for arm in seeds]
