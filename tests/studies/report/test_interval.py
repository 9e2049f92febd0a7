import math

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from scipy import stats

from keras_regnoise.studies.report import Interval, Metric


def test_interval_is_students():
    values = [0.92, 0.93, 0.97]
    interval = Interval.of(values)
    low, high = stats.t.interval(0.95, 2, loc=interval.mean, scale=stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert interval.deviation == pytest.approx(stats.tstd(values))
    # By hand: mean 0.94, sd sqrt(0.0007), t(0.975, 2) = 4.302653.
    assert interval.half_width == pytest.approx(4.302653 * math.sqrt(0.0007 / 3))


@pytest.mark.parametrize("values", [[], [0.5]])
def test_less_than_two_values_have_no_interval(values):
    interval = Interval.of(values)
    assert interval.count == len(values)
    assert math.isnan(interval.half_width)
    assert math.isnan(interval.deviation)
    assert not interval.excludes_zero


def test_excluding_zero():
    assert Interval.of([0.02, 0.01, 0.03]).excludes_zero is False
    assert Interval.of([0.05, 0.04, 0.06]).excludes_zero
    assert Interval.of([-0.05, -0.04, -0.06]).excludes_zero
    assert not Interval.of([0.0, 0.0, 0.0]).excludes_zero


def test_accuracies_stay_within_their_range_and_others_do_not():
    interval = Interval.of([0.90, 0.99])
    assert interval.high > 1 > 0 > Interval.of([0.01, 0.09]).low
    assert Metric("test_accuracy").bounds(interval)[1] == 1.0
    assert Metric("test_accuracy").bounds(Interval.of([0.01, 0.09]))[0] == 0.0
    assert Metric("test_loss").bounds(interval) == (interval.low, interval.high)
    assert all(map(math.isnan, Metric("test_accuracy").bounds(Interval.of([0.9]))))


@pytest.mark.parametrize(
    ("name", "label", "number"),
    [
        ("test_accuracy", "test accuracy, %, last epoch", "12.35"),
        ("best_test_accuracy", "test accuracy, %, best epoch", "12.35"),
        ("val_accuracy", "validation accuracy, %, last epoch", "12.35"),
        ("test_loss", "test loss, last epoch", "0.1235"),
        ("test_top5_accuracy", "test top5 accuracy, %, last epoch", "12.35"),
    ],
)
def test_labels_say_unit_and_epoch(name, label, number):
    assert Metric(name).label == label
    assert Metric(name).number(0.12345001) == number


def test_formats_of_numbers():
    accuracy, loss = Metric("test_accuracy"), Metric("test_loss")
    assert accuracy.signed(0.001) == "+0.10"
    assert accuracy.signed(-0.001) == "-0.10"
    assert accuracy.signed(-0.000001) == "0.00"
    assert accuracy.number(math.nan) == accuracy.signed(math.inf) == "n/a"
    assert loss.number(0.00001234) == "1.23e-05"
    assert loss.number(0.0) == "0.0000"
