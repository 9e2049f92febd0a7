import csv
import sys

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("rich")
pytest.importorskip("sklearn")

from keras_regnoise import cli
from keras_regnoise.progress import Reporter, duration
from keras_regnoise.studies import keep_rate, search
from keras_regnoise.studies.keep_rate import Cell

CELLS = [Cell("none", 0.0, s) for s in (0, 1)] + [
    Cell("RotationOut", 0.1, s) for s in (0, 1)
]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Four cells of one epoch, and a folder for the results."""
    monkeypatch.setattr(keep_rate, "grid", lambda quick: CELLS)
    monkeypatch.setattr(keep_rate, "_EPOCHS", 1)
    return tmp_path / "runs"


def test_a_run_writes_a_table_a_figure_and_a_row_per_cell(tiny, capsys):
    assert cli.main(["run", "keep-rate", "--out", str(tiny)]) == 0
    output = capsys.readouterr()
    assert "RotationOut" in output.out
    assert "95 % interval" in output.out
    lines = [line for line in output.err.splitlines() if "ETA" in line]
    assert [line.split(",")[0] for line in lines] == ["1/4", "2/4", "3/4", "4/4"]
    rows = list(csv.DictReader((tiny / "results.csv").open()))
    found = {(row["method"], float(row["rate"]), int(row["seed"])) for row in rows}
    assert found == {(cell.method, cell.rate, cell.seed) for cell in CELLS}
    assert all(0.0 <= float(row["test_accuracy"]) <= 1.0 for row in rows)
    assert all(row["backend"] and row["keras"] for row in rows)
    assert (tiny / "figure.png").stat().st_size > 1000
    assert (tiny / "summary.csv").exists()


def test_equal_seeds_give_equal_results(tiny):
    def accuracies(directory):
        rows = search.run(CELLS[2:3], directory, Reporter(1))
        return [(row["test_loss"], row["val_loss"]) for row in rows]

    tiny.mkdir()
    first, second = tiny / "a", tiny / "b"
    first.mkdir(), second.mkdir()
    assert accuracies(first) == accuracies(second)


def test_an_interrupted_run_is_not_reported_as_complete(tiny, capsys, monkeypatch):
    fit = keep_rate.KeepRate.fit

    def interrupted(self, hp, model):
        if self.cell(hp) == CELLS[2]:
            raise KeyboardInterrupt
        return fit(self, hp, model)

    monkeypatch.setattr(keep_rate.KeepRate, "fit", interrupted)
    assert cli.main(["run", "keep-rate", "--out", str(tiny)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "incomplete, 2 of 4" in output.err
    assert not (tiny / "figure.png").exists()
    assert len(list(csv.DictReader((tiny / "results.csv").open()))) == 2


def test_a_failing_cell_is_told_and_leaves_the_run_incomplete(
    tiny, capsys, monkeypatch
):
    build = keep_rate.KeepRate.build

    def failing(self, hp):
        if self.cell(hp) == CELLS[1]:
            raise ValueError("out of luck")
        return build(self, hp)

    monkeypatch.setattr(keep_rate.KeepRate, "build", failing)
    assert cli.main(["run", "keep-rate", "--out", str(tiny)]) == 1
    error = capsys.readouterr().err
    assert "incomplete, 3 of 4" in error
    assert "none, seed 1: ValueError: out of luck" in error


def test_earlier_results_are_moved_not_lost(tiny, capsys):
    tiny.mkdir()
    (tiny / "results.csv").write_text("precious")
    assert cli.main(["run", "keep-rate", "--out", str(tiny)]) == 0
    assert (tiny.with_name("runs.1") / "results.csv").read_text() == "precious"
    assert "are now in" in capsys.readouterr().err


def test_no_folder_to_write_to(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    for path in (file, file / "below"):
        assert cli.main(["run", "keep-rate", "--out", str(path)]) == 2
        assert "--out DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "COMMAND"), (["run", "nothing"], "keep-rate"), (["dance"], "run")],
)
def test_usage_errors_list_what_there_is(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_missing_extra_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    assert cli.main(["run", "keep-rate"]) == 2
    assert "keras-regnoise[tensorflow,studies]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
