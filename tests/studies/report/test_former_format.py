"""Runs that the version before wrote are read and reported."""

from pathlib import Path

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from keras_regnoise.studies import Run, report

DATA = Path(__file__).parents[1] / "data"


def test_a_finished_run():
    run = Run.open(DATA / "keep-rate")
    assert run.complete
    assert (len(run.records), len(run.arms)) == (22, 11)
    arms = {arm.arm: arm for arm in report.summarize(run)}
    assert arms["none"].value.mean == pytest.approx(0.975)
    assert arms["Dropout 0.3"].difference.mean == pytest.approx(-0.0085, abs=1e-6)
    assert report.answer(list(arms.values()), run) == (
        "With 2 seeds, no arm is distinguishable from none (an interval takes 3)."
    )
    assert len(report.rows(run)) == 22 * 6


def test_a_run_that_was_killed():
    run = Run.open(DATA / "tiny")
    assert run.progress == "1 of 8 cells done"
    arms = report.summarize(run)
    assert [arm.planned for arm in arms] == [2, 2, 2, 2]
    assert report.answer(arms, run) == "So far: no arm can be compared with none yet."


@pytest.mark.parametrize("name", ["keep-rate", "tiny"])
def test_all_files_of_a_report(name, tmp_path):
    files = report.write_report(Run.open(DATA / name), directory=tmp_path)
    assert {"figure.png", "curves.png", "report.html"} <= {file.name for file in files}


def test_no_path_of_a_machine_is_in_the_data():
    for file in DATA.rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        assert not any(part in text for part in ('"/', "/home/", "/root/", "/tmp/"))
