"""The commands that a page shows, read back by the command line."""

import shlex
import shutil
from dataclasses import replace

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.cli.parser import parse
from keras_regnoise.cli.plan import plan_of
from keras_regnoise.studies.report.command import commands
from keras_regnoise.studies.run import Run
from tests.studies.engine.command import TINY


def manifest_of(words):
    return plan_of(parse(words), save_model=False).manifest()


def read_back(run):
    """Return the manifests that the commands of a run ask for."""
    lines = [shlex.split(line) for line in commands(run)]
    assert all(words[0] == "keras-regnoise" for words in lines)
    return [manifest_of(words[1:]) for words in lines]


@pytest.mark.parametrize(
    "words",
    [
        ["run", "keep-rate"],
        ["run", "keep-rate", "--scale", "short"],
        ["run", "keep-rate", "--scale", "short", "--arms", "*0.1", "none"],
        ["run", "keep-rate", "--seeds", "0-2,7"],
        ["run", "keep-rate", "--mixed-precision", "--jit", "off", "--distribute"],
        ["run", "keep-rate", "--mixed-precision", "float16", "--jit"],
        ["run", "ic-units", "--scale", "paper", "--arms", "ResNet-110, CIFAR-10"],
        ["run", "vcl-uci", "--scale", "short", "--arms", "abalone*", "--seeds", "3"],
    ],
    ids=lambda words: " ".join(words[1:]),
)
def test_the_command_of_a_run_asks_for_its_cells(words, tmp_path):
    manifest = manifest_of(words)
    (again,) = read_back(Run(tmp_path, manifest))
    for name in ("study", "scale", "source", "recipe", "options", "code"):
        assert getattr(again, name) == getattr(manifest, name)
    assert set(again.chosen) == set(manifest.chosen)


def test_a_study_from_a_file_is_found_again(tmp_path):
    file = tmp_path / "my studies" / "it's mine.py"
    file.parent.mkdir()
    shutil.copy(TINY, file)
    manifest = manifest_of(["run", str(file), "--arms", "RotationOut*"])
    (again,) = read_back(Run(tmp_path, manifest))
    assert again.source == manifest.source
    assert set(again.chosen) == set(manifest.chosen)


def test_cells_that_came_call_by_call_take_a_line_each(tmp_path):
    first = manifest_of(["run", "keep-rate", "--arms", "none"])
    second = manifest_of(["run", "keep-rate", "--arms", "ICLayer*", "--seeds", "0-4"])
    both = replace(first, cells=(*first.cells, *second.cells))
    asked = read_back(Run(tmp_path, both))
    assert len(asked) == 2
    assert {name for manifest in asked for name in manifest.chosen} == set(both.by_name)


def test_the_folder_of_the_data_is_named_but_not_shown(tmp_path):
    manifest = manifest_of(["run", "keep-rate", "--data-dir", str(tmp_path / "secret")])
    (line,) = commands(Run(tmp_path, manifest))
    assert "secret" not in line
    assert "--data-dir" in line
