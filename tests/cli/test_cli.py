import importlib.util
import json

import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("rich")
pytest.importorskip("sklearn")

from keras_regnoise.cli import common
from keras_regnoise.cli import main as cli
from keras_regnoise.cli.progress import Reporter, duration
from keras_regnoise.studies.run import Record
from tests.studies.engine.command import TINY


def test_list_and_describe(capsys):
    assert cli.main(["list", "--format", "json"]) == 0
    studies = {row["study"]: row for row in json.loads(capsys.readouterr().out)}
    assert studies["keep-rate"]["arms"] == 21
    assert cli.main(["describe", "keep-rate", "--format", "json"]) == 0
    description = json.loads(capsys.readouterr().out)
    assert len(description["arms"]) == 21
    assert description["recipes"]["smoke"]["epochs"] == 40
    assert cli.main(["describe", str(TINY)]) == 0
    output = capsys.readouterr().out
    assert "RotationOut 0.4" in output
    assert "Scale smoke: epochs 3" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "keep-rat"], "Did you mean 'keep-rate'?"),
        (["run", "nothing"], "Choose from: keep-rate"),
        (["run", "nowhere.py"], "There is no file"),
        (["run", str(TINY), "--scale", "huge"], "Choose from: smoke, short"),
        (["plan", str(TINY), "--arms", "x*"], "Choose from: none, Dropout 0.2"),
        (["status", "nowhere"], "it is not the folder of a run"),
        (["report", "nowhere"], "keras-regnoise run STUDY"),
        (["compare", "nowhere", "nowhere"], "does not exist"),
        (["export", "nowhere", "--best"], "does not exist"),
        (["tune", "nowhere:build", "--data", "digits"], "nowhere:build"),
    ],
)
def test_usage_errors_say_what_there_is(
    arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["dance"], "run"),
        (["run", "keep-rate", "--seeds", "a"], "0-4 or 0,2,5"),
        (["run", "keep-rate", "--timeout", "soon"], "15m"),
        (["run", "keep-rate", "--workers", "0"], "1 or more"),
        (["list", "--format", "xml"], "json"),
    ],
)
def test_arguments_that_can_not_be(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("x = 1", "must have a STUDY"),
        ("STUDY = 3", "Received: int"),
        ("def (", "SyntaxError"),
    ],
)
def test_a_file_that_is_no_study(source, message, capsys, tmp_path):
    file = tmp_path / "study.py"
    file.write_text(source)
    assert cli.main(["describe", str(file)]) == 2
    assert message in capsys.readouterr().err


def test_doctor_names_versions_and_the_backend(capsys):
    assert cli.main(["doctor", "--format", "json"]) == 0
    facts = {row["what"]: row["value"] for row in json.loads(capsys.readouterr().out)}
    assert facts["keras"] == keras.__version__
    assert facts["backend"].startswith(keras.config.backend())
    assert facts["jit by default"] in ("yes", "no")


def test_doctor_says_what_is_wrong(capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    assert cli.main(["doctor"]) == 1
    assert "does not start" in capsys.readouterr().out


def test_a_missing_extra_says_what_to_install(capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "keras_tuner" else find(n)
    )
    assert cli.main(["run", "keep-rate"]) == 2
    errors = capsys.readouterr().err
    assert "keras_tuner is missing" in errors
    assert "keras-regnoise[tensorflow,studies]" in errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", (3,)), ("0-2", (0, 1, 2)), ("5,0-1,0", (5, 0, 1))],
)
def test_seeds(text, expected):
    assert common.seeds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("1.5m", 90), ("2h", 7200), ("3s", 3)]
)
def test_times(text, expected):
    assert common.seconds(text) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_progress_in_plain_lines(capsys):
    def record(seed, **changes):
        ended = {"status": "done", "metrics": {"m": 0.5}} | changes
        names = {"study": "s", "scale": "smoke", "cell": str(seed)}
        arm = {"arm": "a", "group": "", "values": {}, "seed": seed}
        return Record(**names, **arm, **ended)

    with Reporter(3, "m") as reporter:
        reporter.ended({"0": record(0)})
        failed = record(1, status="failed", error="ValueError: x", metrics={})
        reporter.ended({"0": record(0), "1": failed})
        assert reporter.summary() == "1/3 done, 1 failed"
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1/3 done before this run"
    assert lines[1].startswith("1/3 done, 1 failed, ETA ")
    assert lines[1].endswith("a, seed 1: ValueError: x")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_for_the_shell(shell, capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as stop:
        cli.main(["--print-completion", shell])
    assert stop.value.code == 0
    script = capsys.readouterr().out
    assert "--retry-failed" in script
    assert "keras-regnoise" in script


def test_studies_of_other_packages(capsys, monkeypatch):
    from importlib import metadata

    class Entry:
        name, value = "theirs", "their_package:STUDY"

        def load(self):
            from tests.studies.engine.tiny_study import STUDY

            return STUDY

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Entry()])
    assert cli.main(["describe", "theirs"]) == 0
    assert "A small network on a few digits" in capsys.readouterr().out
    assert cli.main(["run", "nothing"]) == 2
    assert "vcl-cifar, theirs; or" in capsys.readouterr().err
