import io

import pytest

pytest.importorskip("rich")

from keras_regnoise.cli import progress
from keras_regnoise.cli.progress import Reporter, duration
from keras_regnoise.studies.run import Record


def record(seed, status="done", error=None, cell=None):
    return Record(
        study="s",
        scale="smoke",
        cell=cell or str(seed),
        arm="a",
        group="",
        values={},
        seed=seed,
        status=status,
        error=error,
        metrics={"m": 0.5} if status == "done" else {},
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_plain_lines_where_there_is_no_terminal(capsys):
    with Reporter(["0", "1", "2"], "m") as reporter:
        reporter.ended({"0": record(0)})
        reporter.epoch("1", 1, 3)
        failed = record(1, "failed", "ValueError: \x1b[31mx\ny")
        reporter.ended({"0": record(0), "1": failed})
        assert reporter.summary() == "1/3 done, 1 failed"
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1/3 done before this run"
    assert lines[1].startswith("1/3 done, 1 failed, ETA ")
    assert lines[1].endswith("a, seed 1: ValueError: x y")
    assert len(lines) == 2


def test_cells_that_nobody_asked_for_do_not_count(capsys):
    with Reporter(["0"], "m") as reporter:
        reporter.ended({})
        reporter.ended({"0": record(0), "other": record(1, cell="other")})
        assert reporter.summary() == "1/1 done"
    assert capsys.readouterr().err.count("seed") == 1


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_the_time_left_counts_epochs_of_all_cells_that_train(clock, capsys):
    with Reporter(["0", "1", "2", "3"], "m") as reporter:
        reporter.ended({"0": record(0)})  # before this run: it took no time of it
        clock.now = 60.0
        reporter.epoch("1", 1, 2)
        reporter.epoch("2", 5, 10)  # went on from a backup
        clock.now = 120.0
        reporter.epoch("2", 10, 10)
        reporter.ended({"0": record(0), "1": record(1)})
    # 1.5 cells in a minute, once the workers had started, and 1.5 to go.
    assert "2/4 done, ETA 1 min 00 s" in capsys.readouterr().err


def test_a_log_says_something_while_a_cell_trains_for_hours(clock, capsys):
    with Reporter(["0"], "m") as reporter:
        reporter.ended({})
        for epoch in range(1, 10):
            clock.now += 25.0
            reporter.epoch("0", epoch, 9)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"0/1 done; 0: epoch {epoch}/9" for epoch in (3, 6, 9)]


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self):
        return True


def test_a_bar_for_every_cell_that_trains(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", Terminal())
    cells = [f"cell{n}" for n in range(30)]
    with Reporter(cells, "m") as reporter:
        bars = reporter._bars._progress
        reporter.ended({})
        assert bars.tasks[0].description == "starting"
        for cell in cells:
            reporter.epoch(cell, 1, 4)
        reporter.epoch(cells[0], 2, 4)
        shown = [task.description for task in bars.tasks]
        assert shown[1:] == cells[: progress._MOST_BARS]
        assert "ETA" in shown[0]
        reporter.ended({"cell0": record(0, cell="cell0")})
        reporter.epoch("cell0", 4, 4)  # told late
        reporter.epoch("cell29", 2, 4)
        shown = [task.description for task in bars.tasks]
        assert "cell0" not in shown
        assert "cell29" in shown
        assert bars.tasks[0].completed == 1
