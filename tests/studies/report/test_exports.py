import csv
import math
import sys
from dataclasses import replace

import pytest

pytest.importorskip("rich")

from keras_regnoise.studies import report
from tests.studies.report.synthetic import changed, failed, first, measured, toy


def test_one_row_per_metric_of_every_cell():
    rows = report.rows(failed(toy(groups=("A", "B")), 0))
    assert len(rows) == 17 * 3 + 1
    keys = ("study", "group", "arm", "seed", "metric")
    assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)
    failure = rows[0]
    assert (failure["status"], failure["metric"], failure["value"]) == (
        "failed",
        "",
        None,
    )
    assert failure["error"] == "ValueError: too wide"
    row = next(r for r in rows if r["arm"] == "Dropout 0.1" and r["seed"] == 2)
    assert row["hp_noise"] == "Dropout"
    assert row["hp_rate"] == 0.1
    assert row["backend"] == "tensorflow 2.21.0"
    assert row["data"] == "digits"
    assert row["data_fingerprint"].startswith("sha256:")
    assert row["train_examples"] == 500
    assert row["jit"] is False
    assert row["commit"] == "abc"


def test_a_value_may_be_called_as_a_column_is():
    run = toy(values=lambda arm: {"seed": "fixed", "arm": 3})
    row = report.rows(run)[-1]
    assert (row["hp_seed"], row["seed"]) == ("fixed", 2)
    assert (row["hp_arm"], row["arm"]) == (3, "Dropout 0.3")


def test_csv_has_every_row(tmp_path):
    rows = report.rows(toy())
    report.write_csv(rows, tmp_path / "deep" / "results.csv")
    with (tmp_path / "deep" / "results.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(r["value"]) for r in table] == [r["value"] for r in rows]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["results.csv"]


def test_csv_without_rows_has_a_header(tmp_path):
    report.write_csv(report.rows(first(toy(), 0)), tmp_path / "results.csv")
    assert (tmp_path / "results.csv").read_text().startswith("study,scale,group,arm")


@pytest.mark.parametrize("count", [0, 9])
def test_parquet_has_every_row(tmp_path, count):
    parquet = pytest.importorskip("pyarrow.parquet")
    run = measured(toy(), 0, test_accuracy=math.nan)
    other = {"noise": 1, "rate": "none"}  # types that do not agree
    run = changed(run, lambda record: replace(record, values=other), 1)
    rows = report.rows(first(run, count))
    assert report.write_parquet(rows, tmp_path / "results.parquet")
    table = parquet.read_table(tmp_path / "results.parquet").to_pylist()
    assert len(table) == len(rows) == 3 * count
    if count:
        assert math.isnan(table[0]["value"])
        assert {r["hp_rate"] for r in table} == {None, "none", "0.1", "0.3"}
        assert [r["seed"] for r in table] == [r["seed"] for r in rows]


def test_without_pyarrow_parquet_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.warns(UserWarning, match="pip install pyarrow"):
        assert not report.write_parquet(report.rows(toy()), tmp_path / "r.parquet")
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_earlier_file(tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("earlier")
    with pytest.raises(ValueError, match="not in fieldnames"):
        report.write_csv([{"a": 1}, {"b": 2}], file)
    with pytest.raises(ValueError, match="unknown"):
        report.figure(toy(), tmp_path / "figure.unknown")
    assert file.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]
