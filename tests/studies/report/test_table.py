import csv
import io
import json
import math

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from rich.console import Console
from rich.table import Table

from keras_regnoise.studies import report
from tests.studies.report.synthetic import fail, folder, published

NUMBERS = [
    published("none", 0.95),
    published("Dropout 0.1", 0.96, spread=0.002, n=5),
]


def text(manifest, records, metric=None):
    return report.render(
        report.summarize(manifest, records, metric), manifest, terminal=False
    )


def lines(rendered):
    return {
        cells[1]: cells[2:-1]
        for line in rendered.splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) > 3
    }


def test_the_plain_table_in_percent():
    rendered = text(*folder(numbers=NUMBERS))
    assert "test accuracy, %, last epoch; 9 of 9 cells done" in rendered
    table = lines(rendered)
    # t(0.975, 2) = 4.3027: 0.02 * 4.3027 / sqrt(3) = 0.0497.
    assert table["none"] == [
        "92.00 ± 2.00",
        "3",
        "87.03 to 96.97",
        "",
        "95.00",
        "other protocol",
    ]
    assert table["Dropout 0.1"][3:] == [
        "+2.00 ± 2.48",
        "96.00 ± 0.20 (5)",
        "not distinguishable",
    ]
    assert table["Dropout 0.3"][3:] == ["-5.00 ± 2.48", "", ""]


def test_one_run_has_no_interval():
    manifest, records = folder()
    table = lines(text(manifest, records[:2]))
    assert table["none"] == ["90.00", "1 of 3", "n/a", ""]
    assert table["Dropout 0.1"] == ["92.00", "1 of 3", "n/a", "+2.00"]
    assert table["Dropout 0.3"] == ["n/a", "0 of 3", "n/a", ""]


def test_progress_failures_and_nan_are_said():
    manifest, records = folder()
    fail(records, 1)
    records[0]["metrics"]["test_accuracy"] = math.nan
    rendered = text(manifest, records[:5])
    assert "4 of 9 cells done, 1 failed" in rendered
    assert "1 run ended without a finite number" in rendered


def test_the_best_epoch_is_said():
    rendered = text(*folder(), "best_test_accuracy")
    assert "best epoch" in rendered
    assert "chosen by itself" in rendered
    assert "chosen by itself" not in text(*folder())


def test_other_metrics_are_not_in_percent():
    rendered = text(*folder(), "test_loss")
    assert "test loss, last epoch" in rendered
    assert lines(rendered)["none"][0] == "0.0800 ± 0.0200"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_table_fits_and_has_groups(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    manifest, records = folder(groups=("First", "Second"), numbers=NUMBERS)
    table = report.render(report.summarize(manifest, records), manifest, terminal=True)
    assert isinstance(table, Table)
    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    printed = [line.strip() for line in stream.getvalue().splitlines()]
    assert printed.index("First") < printed.index("Second")
    assert max(map(len, printed)) <= width
    assert any("92.00 ± 2.00" in line for line in printed)
    assert any("87.03 to 96.97" in line for line in printed) == (width >= 100)
    assert any(line.endswith("(Student's t).") for line in printed)


def test_names_are_no_markup():
    manifest, records = folder({"none": [0.9], "[red]x": [0.9]})
    table = report.render(report.summarize(manifest, records), manifest, terminal=True)
    stream = io.StringIO()
    Console(file=stream, width=100).print(table)
    assert "[red]x" in stream.getvalue()
    assert "[red]x" in text(manifest, records)


def test_json_is_strict_and_complete():
    manifest, records = folder(numbers=NUMBERS)
    records[0]["metrics"]["test_accuracy"] = math.nan
    summaries = report.summarize(manifest, records[:2])

    def refuse(name):
        raise AssertionError(name)

    content = json.loads(
        report.render(summaries, manifest, "json"), parse_constant=refuse
    )
    assert content["cells"] == {"planned": 9, "done": 2, "failed": 0}
    assert (content["metric"], content["epoch"]) == ("test_accuracy", "last")
    none, dropout, _ = content["arms"]
    assert none["value"] == {
        "mean": None,
        "deviation": None,
        "count": 0,
        "half_width": None,
    }
    assert dropout["seeds"] == {"0": 0.92}
    assert dropout["published"][0]["n"] == 5


def test_csv_has_fractions_and_one_line_per_arm():
    manifest, records = folder(numbers=NUMBERS)
    rendered = report.render(report.summarize(manifest, records), manifest, "csv")
    table = list(csv.DictReader(io.StringIO(rendered)))
    assert [row["arm"] for row in table] == ["none", "Dropout 0.1", "Dropout 0.3"]
    assert table[0]["hp_rate"] == table[0]["difference"] == ""
    assert float(table[1]["difference"]) == pytest.approx(0.02)
    assert float(table[1]["difference_half_width"]) == pytest.approx(0.02484, abs=1e-5)
    assert (table[1]["pairs"], table[1]["published_n"]) == ("3", "5")


def test_an_unknown_format_names_the_known_ones():
    manifest, records = folder()
    with pytest.raises(ValueError, match=r"xml.*table, json, csv"):
        report.render(report.summarize(manifest, records), manifest, "xml")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_nothing_renders_too(form):
    manifest, _ = folder()
    assert report.render([], manifest, form, terminal=False)
