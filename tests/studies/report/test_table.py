import csv
import io
import json
import math

import pytest

pytest.importorskip("rich")

from rich.console import Console
from rich.table import Table

from keras_regnoise.studies import report
from tests.studies.report.synthetic import (
    failed,
    first,
    measured,
    published,
    toy,
)

FORMATS = ("table", "json", "csv")
NUMBERS = [
    published("none", 0.95),
    published("Dropout 0.1", 0.96, spread=0.002, n=5),
]


def text(run, metric=None):
    return report.render(report.summarize(run, metric), run, terminal=False)


def terminal(run, width=100):
    stream = io.StringIO()
    table = report.render(report.summarize(run), run, terminal=True)
    assert isinstance(table, Table)
    Console(file=stream, width=width).print(table)
    return [line.strip() for line in stream.getvalue().splitlines()]


def lines(rendered):
    return {
        cells[1]: cells[2:-1]
        for line in rendered.splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) > 3
    }


def test_the_plain_table_in_percent():
    rendered = text(toy(numbers=NUMBERS))
    assert "test accuracy, %, last epoch; 9 of 9 cells done" in rendered
    table = lines(rendered)
    # t(0.975, 2) = 4.3027: 0.02 * 4.3027 / sqrt(3) = 0.0497.
    assert table["none"] == [
        "",
        "92.00 ± 2.00",
        "3",
        "87.03 to 96.97",
        "95.00",
        "other protocol",
    ]
    assert table["Dropout 0.1"][0] == "+2.00 ± 2.48"
    assert table["Dropout 0.1"][4:] == ["96.00 ± 0.20 (5)", "not distinguishable"]
    assert table["Dropout 0.3"][0] == "-5.00 ± 2.48"
    assert table["Dropout 0.3"][4:] == ["", ""]


def test_the_columns_are_in_line():
    rows = [row for row in text(toy(groups=("A", "B"))).splitlines() if "|" in row]
    assert len({tuple(i for i, c in enumerate(row) if c == "|") for row in rows}) == 1
    assert rows[1].startswith("|-")
    assert rows[1].count(":|") == 4


@pytest.mark.parametrize("count", [1, 2])
def test_few_runs_have_no_interval_that_looks_like_certainty(count):
    # Equal runs: the interval of two would be "90.00 to 90.00".
    run = toy({"none": [0.9] * count, "Dropout 0.1": [0.92] * count})
    rendered = text(run)
    assert lines(rendered)["none"] == ["", "90.00", str(count)]
    assert lines(rendered)["Dropout 0.1"] == ["+2.00", "92.00", str(count)]
    table = rendered.split("\n\n")[1]
    for sign in ("±", " to ", "interval"):
        assert sign not in table
        assert not any(sign in line for line in terminal(run)[:8])


def test_arms_with_few_runs_stand_beside_others():
    run = first(toy(), 8)
    assert lines(text(run))["Dropout 0.3"] == [
        "-4.50",
        "86.50",
        "2 of 3",
        "n/a",
    ]


def test_progress_failures_and_nan_are_said():
    run = measured(failed(toy(), 1), 0, test_accuracy=math.nan)
    rendered = text(first(run, 5))
    assert "4 of 9 cells done, 1 failed" in rendered
    assert "1 run ended without a finite number" in rendered
    assert lines(rendered)["Dropout 0.1"][2] == "1 of 3, 1 failed"


def test_the_best_epoch_is_said():
    rendered = text(toy(), "best_test_accuracy")
    assert "best epoch" in rendered
    assert "chosen by itself" in rendered
    assert "chosen by itself" not in text(toy())


def test_other_metrics_are_not_in_percent():
    rendered = text(toy(), "test_loss")
    assert "test loss, last epoch" in rendered
    assert lines(rendered)["none"][1] == "0.0800 ± 0.0200"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_table_fits_and_has_groups(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    printed = terminal(toy(groups=("First", "Second"), numbers=NUMBERS), width)
    assert printed.index("First") < printed.index("Second")
    assert max(map(len, printed)) <= width
    assert any("+2.00 ± 2.48" in line for line in printed)
    assert any("87.03 to 96.97" in line for line in printed) == (width >= 100)


@pytest.mark.parametrize("count", [0, 4, 9])
def test_the_answer_ends_the_table_and_is_in_json(count):
    run = first(toy(), count)
    arms = report.summarize(run)
    answer = report.answer(arms, run)
    assert text(run).endswith(f"\n{answer}\n")
    assert json.loads(report.render(arms, run, "json"))["answer"] == answer
    assert answer in " ".join(terminal(run))


def test_names_are_no_markup():
    run = toy({"none": [0.9], "[red]x": [0.9], "a|b": [0.9]})
    assert any("[red]x" in line for line in terminal(run))
    assert "[red]x" in text(run)
    assert "a\\|b" in text(run)


def test_control_characters_reach_no_output():
    evil = "Drop\x1b[31mout\x07\ud800\n 0.1"
    run = failed(toy({"none": [0.9], evil: [0.9]}, title=f"Which {evil}?"), 1, evil)
    clean = "Dropout\ufffd 0.1"
    arms = report.summarize(run)
    outputs = [report.render(arms, run, form, terminal=False) for form in FORMATS]
    outputs += ["\n".join(terminal(run)), str(report.rows(run))]
    for output in outputs:
        assert clean in output
        assert not {"\x1b", "\x07", "\ud800"} & set(output)
        output.encode("utf-8")
    assert f"| {clean} |" in outputs[0]


def test_json_is_strict_and_complete():
    run = first(measured(toy(numbers=NUMBERS), 0, test_accuracy=math.nan), 2)

    def refuse(name):
        raise AssertionError(name)

    content = json.loads(
        report.render(report.summarize(run), run, "json"), parse_constant=refuse
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
    run = toy(numbers=NUMBERS)
    rendered = report.render(report.summarize(run), run, "csv")
    table = list(csv.DictReader(io.StringIO(rendered)))
    assert [row["arm"] for row in table] == ["none", "Dropout 0.1", "Dropout 0.3"]
    assert table[0]["hp_rate"] == table[0]["difference"] == ""
    assert float(table[1]["difference"]) == pytest.approx(0.02)
    assert float(table[1]["difference_half_width"]) == pytest.approx(0.02484, abs=1e-5)
    assert (table[1]["pairs"], table[1]["published_n"]) == ("3", "5")
    assert (table[2]["n"], table[2]["published"]) == ("3", "")


def test_an_unknown_format_names_the_known_ones():
    run = toy()
    with pytest.raises(ValueError, match=r"xml.*table, json, csv"):
        report.render(report.summarize(run), run, "xml")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_renders_too(form):
    assert report.render([], toy(), form, terminal=False)
