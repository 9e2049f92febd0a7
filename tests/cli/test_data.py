"""Data that are not here are said before anything is trained."""

import shutil

import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.cli import main as cli
from keras_regnoise.cli.data import with_data
from keras_regnoise.cli.parser import parse
from keras_regnoise.cli.plan import plan_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run import Record, Run
from tests.studies.engine.command import command


def plan(*words):
    return plan_of(parse(["run", *map(str, words)]), save_model=False)


def data_of(plan):
    return {c.arm.data or plan.study.data for c in plan.manifest().cells}


def cifar10(folder):
    """Write a set of that name; it is not read here."""
    np.savez(folder / "cifar10.npz", x=np.zeros((9, 4, 4, 3), "uint8"), y=np.zeros(9))


def test_run_says_so_in_a_line_and_leaves_no_folder(tmp_path):
    out = tmp_path / "run"
    code, output, errors = command(
        *("run", "drop-activation-cutout", "--scale", "paper"),
        *("--data-dir", tmp_path, "--out", out),
    )
    assert (code, output) == (2, "")
    (line,) = errors.splitlines()
    start = f"keras-regnoise: cifar100 is not in {tmp_path}. It is 161 MB to download."
    assert line.startswith(start)
    assert f"data_dir='{tmp_path}').download_and_prepare()" in line
    assert not out.exists()


def test_plan_says_so_and_lists_the_cells(tmp_path, capsys):
    arguments = ["plan", "vcl-tiny-imagenet", "--scale", "paper"]
    assert cli.main([*arguments, "--data-dir", str(tmp_path)]) == 0
    output, errors = capsys.readouterr()
    assert output.count("to do") == 12
    assert "237 MB to download" in errors


def test_many_sets_are_said_in_short(tmp_path):
    words = (
        "vcl-uci",
        "--scale",
        "paper",
        "--arms",
        "[a-c]*layers",
        "--data-dir",
        tmp_path,
    )
    with pytest.raises(InputError) as error:
        with_data(plan(*words))
    first, second, third, rest = str(error.value).splitlines()
    assert "uci/abalone is not in" in first
    assert "uci/adult is not in" in second
    assert "uci/bank is not in" in third
    assert rest.startswith("And: uci/car, uci/cardio.-10clases, ")


def test_arms_whose_data_are_not_here_are_left_out(tmp_path, capsys):
    cifar10(tmp_path)
    words = ("vcl-cifar", "--scale", "paper", "--data-dir", tmp_path)
    whole = plan(*words, "--out", tmp_path / "run")
    assert data_of(whole) == {"cifar10", "cifar100"}
    partial = with_data(whole)
    assert data_of(partial) == {"cifar10"}
    expected = [c.id for c in whole.manifest().cells if "CIFAR-100" not in str(c.arm)]
    assert [cell.id for cell in partial.manifest().cells] == expected
    errors = capsys.readouterr().err
    assert "1 of 2 data sets are not here: cifar100." in errors
    assert "It is 161 MB to download." in errors


def test_cells_that_have_ended_need_no_data(tmp_path, capsys):
    cifar10(tmp_path)
    out = tmp_path / "run"
    words = ("vcl-cifar", "--scale", "paper", "--data-dir", tmp_path, "--out", out)
    whole = plan(*words)
    manifest = whole.manifest()
    run = Run.begin(out, manifest)
    of_missing = [c for c in manifest.cells if "CIFAR-100" in str(c.arm)]
    for cell in of_missing:
        run.write(Record.of(manifest, cell, status="done"))
    assert with_data(whole, retry_failed=True) is whole
    with_data(whole, anew=True)
    assert "not here: cifar100" in capsys.readouterr().err
    run.write(Record.of(manifest, of_missing[0], status="failed", error="no room"))
    assert with_data(whole) is whole
    with_data(whole, retry_failed=True)
    assert "not here: cifar100" in capsys.readouterr().err
    shutil.rmtree(out)
    with_data(whole)
    assert "not here: cifar100" in capsys.readouterr().err


def test_what_needs_no_files_is_not_asked_for(tmp_path):
    for name in ("keep-rate", "closed-forms", "vcl-clusters"):
        whole = plan(name, "--data-dir", tmp_path)
        assert with_data(whole) is whole
