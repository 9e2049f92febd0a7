import csv
import math

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")

from rich.console import Console
from scipy import stats

from keras_regnoise import report


def rows():
    accuracies = {
        ("none", 0.0): [0.90, 0.92, 0.94],
        ("Dropout", 0.1): [0.92, 0.93, 0.97],
        ("Dropout", 0.3): [0.80, 0.90, 0.91],
    }
    return [
        {"method": method, "rate": str(rate), "seed": str(seed), "accuracy": value}
        for (method, rate), values in accuracies.items()
        for seed, value in enumerate(values)
    ]


def test_interval_is_students():
    values = [0.92, 0.93, 0.97]
    interval = report.Interval.of(values)
    low, high = stats.t.interval(0.95, 2, loc=interval.mean, scale=stats.sem(values))
    assert interval.mean - interval.half_width == pytest.approx(low)
    assert interval.mean + interval.half_width == pytest.approx(high)
    assert interval.deviation == pytest.approx(stats.tstd(values))
    alone = report.Interval.of([0.5])
    assert alone.count == 1
    assert math.isnan(alone.half_width)


def test_differences_are_paired_by_seed():
    shuffled = rows()[::-1]
    arms = {
        (arm.method, arm.rate): arm
        for arm in report.summarize(shuffled, "accuracy", "none")
    }
    difference = arms["Dropout", 0.1].difference
    assert difference.mean == pytest.approx(0.02)
    # Differences 0.02, 0.01, 0.03: much narrower than two separate intervals.
    assert difference.deviation == pytest.approx(0.01)
    assert arms["none", 0.0].difference is None


def test_a_seed_without_its_pair_does_not_count():
    some = [row for row in rows() if (row["method"], row["seed"]) != ("none", "1")]
    arms = report.summarize(some, "accuracy", "none")
    counts = {arm.method: arm.difference and arm.difference.count for arm in arms}
    assert counts == {"none": None, "Dropout": 2}


def test_table_csv_and_figure(tmp_path):
    arms = report.summarize(rows(), "accuracy", "none")
    console = Console(width=120, record=True, file=(tmp_path / "log").open("w"))
    console.print(report.summary_table(arms, "Title", "none"))
    text = console.export_text()
    assert "92.00 ± 2.00" in text
    assert "+2.00 ± 2.48" in text
    report.write_summary(arms, tmp_path / "summary.csv")
    table = list(csv.DictReader((tmp_path / "summary.csv").open()))
    assert [row["method"] for row in table] == ["none", "Dropout", "Dropout"]
    assert float(table[1]["paired_difference"]) == pytest.approx(0.02)
    report.keep_rate_figure(arms, "none", "Title", tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
