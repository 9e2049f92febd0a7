"""`list`, `describe`, `plan` and `status`: what there is, and how far it is."""

import dataclasses
import json
import shutil
from importlib import metadata

import keras
import pytest

import keras_regnoise

pytest.importorskip("keras_tuner")
pytest.importorskip("rich")
pytest.importorskip("sklearn")

from keras_regnoise.cli import common
from keras_regnoise.cli import main as cli
from keras_regnoise.studies import registry
from tests.helpers import ROOT
from tests.studies.engine.command import TINY, command
from tests.studies.engine.tiny_study import STUDY

RUN = ROOT / "tests" / "studies" / "data" / "tiny"


def test_list_and_describe(capsys):
    assert cli.main(["list", "--format", "json"]) == 0
    studies = {row["study"]: row for row in json.loads(capsys.readouterr().out)}
    assert studies["keep-rate"]["arms"] == 82
    assert cli.main(["describe", "keep-rate", "--format", "json"]) == 0
    description = json.loads(capsys.readouterr().out)
    assert len(description["arms"]) == 82
    assert description["recipes"]["smoke"]["epochs"] == 150
    assert cli.main(["describe", "keep-rate"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert (
        "Claims: VCL is better than none (MLP). (MLP: VCL * minus MLP: none" in output
    )
    assert cli.main(["describe", str(TINY)]) == 0
    output = capsys.readouterr().out
    assert "RotationOut 0.4" in output
    assert "Scale smoke: epochs 3" in output


def test_list_says_what_is_here_and_what_it_costs(capsys, tmp_path):
    (tmp_path / "cifar10.npz").touch()
    assert cli.main(["list", "--format", "json", "--data-dir", str(tmp_path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    scales = {(row["study"], row["scale"]): row for row in rows}
    smoke = scales["rotationout-keep-rate", "smoke"]
    assert smoke["table"] == "Table 1"
    assert "RotationOut as a Regularization Method" in smoke["paper"]
    assert (smoke["data"], smoke["here"]) == ("digits", "yes")
    # 5 arms, 1 seed; 2 epochs of 2 batches of 50.
    assert (smoke["cells"], smoke["steps"]) == (5, 20)
    paper = scales["rotationout-keep-rate", "paper"]
    assert (paper["data"], paper["here"]) == ("cifar100", "no")
    assert paper["steps"] == paper["cells"] * 182 * (45_000 // 128)
    assert scales["vcl-cifar", "paper"]["here"] == "1 of 2"
    assert scales["vcl-uci", "paper"]["data"] == "44 sets"


def test_list_groups_by_paper(capsys, tmp_path):
    assert cli.main(["list", "--data-dir", str(tmp_path)]) == 0
    *blocks, foot = capsys.readouterr().out.split("\n\n")
    blocks = [block.splitlines() for block in blocks]
    papers = [block[0] for block in blocks]
    assert len(set(papers)) == len(papers)
    of_rotation = next(b for b in blocks if b[0].startswith("RotationOut as"))
    studies = [line.split()[0] for line in of_rotation[3:] if line[0] != " "]
    assert {"rotationout-keep-rate", "dropout-placement"} <= set(studies)
    assert "vcl-uci" not in studies
    assert of_rotation[1].split() == ["scale", "data", "here", "cells", "steps"]
    place = next(n for n, x in enumerate(of_rotation) if x.startswith("rotationout-im"))
    assert of_rotation[place] == (
        "rotationout-imagenet (Table 2): RotationOut against other noise in ResNet-50 "
        "on ImageNet"
    )
    assert of_rotation[place + 2].split() == (
        ["paper", "imagenet2012", "no", "40", "43.2", "M"]
    )
    assert "plan STUDY" in foot


def test_no_line_is_wider_than_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr(common, "_width", lambda: 80)
    for arguments in (["list"], *(["describe", name] for name in registry.names())):
        assert cli.main(arguments) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if len(line) > 80] == []


def test_describe_prints_the_table_of_the_paper(capsys):
    assert cli.main(["describe", "rotationout-keep-rate"]) == 0
    output = capsys.readouterr().out
    assert "Table 1, as printed" in output
    line = "WideResNet28, RotationOut, sigma 0.655  79.69 ± 0.11   78.80 ± 0.15"
    assert line in output
    assert "78.80: Below the mean of the last ten epochs" in output
    assert cli.main(["describe", "vcl-uci", "--format", "json"]) == 0
    wins, errors = json.loads(capsys.readouterr().out)["tables"].values()
    assert wins[2] == {"": "VCL", "ReLU": "27", "ELU": "23", "SELU": "28"}
    assert len(errors) == 45


def test_a_study_whose_table_is_unknown(capsys, monkeypatch):
    study = dataclasses.replace(STUDY, tables=("vcl_table9",))
    entry_of(lambda: study, monkeypatch)
    assert cli.main(["describe", "theirs"]) == 2
    errors = capsys.readouterr().err
    assert "There is no published table 'vcl_table9'" in errors
    assert "vcl_table5" in errors


def test_plan_lists_what_is_done_and_what_is_to_do(capsys, tmp_path):
    directory = tmp_path / "my run"
    shutil.copytree(RUN, directory)
    arguments = ["plan", str(TINY), "--scale", "short", "--out", str(directory)]
    assert (
        cli.main([*arguments, "--no-cost", "--format", "json", "--seeds", "0-1"]) == 0
    )
    output, errors = capsys.readouterr()
    rows = json.loads(output)
    assert {row["seed"] for row in rows} == {0, 1}
    assert len(rows) == 8
    done = sum(row["status"] == "done" for row in rows)
    assert errors.splitlines()[-1] == f"keras-regnoise: {done} of 8 cells have ended"


def test_plan_refuses_a_folder_that_run_would_refuse(capsys, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(RUN, directory)
    arguments = ["plan", "keep-rate", "--no-cost", "--out", str(directory)]
    assert cli.main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert (
        "has a run with another study: 'tiny', and this one has 'keep-rate'" in errors
    )


def test_status_counts_and_ends_with_1_while_something_is_missing(capsys):
    assert cli.main(["status", str(RUN)]) == 1
    output = capsys.readouterr().out
    assert "tiny, " in output
    assert " cells done" in output
    assert cli.main(["status", str(RUN), "--format", "json"]) == 1
    assert {"arm", "done", "failed", "to do"} == set(
        json.loads(capsys.readouterr().out)[0]
    )


@pytest.mark.filterwarnings("default:.*is damaged")
def test_a_damaged_record_is_a_line_and_blocks_nothing(capsys, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(RUN, directory)
    first = sorted((directory / "cells").glob("*.json"))[0]
    first.write_text(first.read_text()[:100])
    assert cli.main(["status", str(directory), "--format", "json"]) == 1
    output, errors = capsys.readouterr()
    assert json.loads(output)
    assert len(errors.splitlines()) == 1
    assert f"keras-regnoise: {first} is damaged" in errors
    assert "its cell is to do again" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "keep-rat"], "Did you mean 'keep-rate'?"),
        (["run", "nothing"], "Choose from: keep-rate"),
        (["run", "nowhere.py"], "There is no file"),
        (["describe", "."], "There is no study"),
        (["run", str(TINY), "--scale", "huge"], "Choose from: smoke, short"),
        (["plan", str(TINY), "--scale", "smok"], "Did you mean 'smoke'?"),
        (["plan", str(TINY), "--arms", "x*"], "Choose from: none, Dropout 0.2"),
        (["plan", str(TINY), "--arms", "dropout 0.2"], "Did you mean 'Dropout 0.2'?"),
        (["status", "nowhere"], "nowhere does not exist"),
        (["status", "."], "is empty: it is not the folder of a run"),
        (["report", "nowhere"], "keras-regnoise run STUDY"),
        (["compare", "nowhere", "nowhere"], "does not exist"),
        (["export", "nowhere", "--best"], "does not exist"),
        (["tune", "nowhere:build", "--data", "digits"], "nowhere can't be imported"),
    ],
)
def test_usage_errors_say_what_there_is(
    arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    output, errors = capsys.readouterr()
    assert message in errors
    assert output == ""
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("x = 1", "must have a STUDY"),
        ("STUDY = 3", "Received: int"),
        ("def (", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise ValueError('\\x1b[31mred')", "ValueError: red"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_file_that_is_no_study(source, message, capsys, tmp_path):
    file = tmp_path / "my study.py"
    file.write_text(source)
    assert cli.main(["describe", str(file)]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("name", ["a file", "a folder.py", "binary.py"])
def test_something_else_than_a_study_or_a_run(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / name
    if "folder" in name:
        place.mkdir()
        (place / "notes.txt").write_text("")
    else:
        place.write_bytes(b"\x00\xff\xfe")
    for arguments in (["describe", name], ["status", name], ["report", name]):
        assert cli.main(arguments) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert len(errors.splitlines()) == 1
        assert name in errors
    assert place.is_dir() or f"{name} is a file" in errors


@pytest.mark.parametrize("extra", [[], ["--overwrite"]], ids=["", "overwrite"])
def test_a_run_leaves_a_folder_of_something_else_alone(extra, capsys, tmp_path):
    place = tmp_path / "my documents"
    place.mkdir()
    (place / "thesis.tex").write_text("years of work")
    assert cli.main(["run", str(TINY), "--out", str(place), *extra]) == 2
    assert "is not empty (thesis.tex, ...) and has no run" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["my documents"]
    assert [file.name for file in place.iterdir()] == ["thesis.tex"]


def test_a_cluster_that_is_not_there_leaves_no_report(capsys, tmp_path):
    directory = tmp_path / "run"
    arguments = ["run", str(TINY), "--out", str(directory)]
    assert cli.main([*arguments, "--cluster", str(tmp_path / "no.json")]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert "0/8 done. There is no scheduler file" in errors.splitlines()[-1]
    assert not (directory / "report.html").exists()


def test_a_command_that_is_offered_quotes_a_path_with_spaces(capsys):
    assert cli.main(["status", "no where"]) == 2
    assert "--out 'no where'" in capsys.readouterr().err


def entry_of(study, monkeypatch):
    """Have another package register a study."""

    class Entry:
        name, value = "theirs", "their_package:STUDY"

        def load(self):
            return study()

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Entry()])


def test_studies_of_other_packages(capsys, monkeypatch):
    entry_of(lambda: STUDY, monkeypatch)
    assert cli.main(["describe", "theirs"]) == 0
    assert "A small network on a few digits" in capsys.readouterr().out
    assert cli.main(["run", "their"]) == 2
    assert "Did you mean 'theirs'?" in capsys.readouterr().err


def test_a_package_that_can_not_be_imported_hides_no_other_study(capsys, monkeypatch):
    def broken():
        raise RuntimeError("no license")

    entry_of(broken, monkeypatch)
    assert cli.main(["list", "--format", "csv"]) == 1
    output, errors = capsys.readouterr()
    assert "keep-rate" in output
    assert len(errors.splitlines()) == 1
    assert "their_package:STUDY can't be imported: RuntimeError: no license" in errors


def test_a_study_may_load_a_model_of_ours_when_it_is_imported(tmp_path):
    """In a process of its own: here, all layers are known to Keras."""
    model, study = tmp_path / "model.keras", tmp_path / "study.py"
    keras.Sequential([keras.Input((4,)), keras_regnoise.ICLayer(0.1)]).save(model)
    load = f"import keras, keras_regnoise\nkeras.saving.load_model({str(model)!r})\n"
    study.write_text(load + TINY.read_text())
    code, _, errors = command("describe", study)
    assert code == 0, errors
