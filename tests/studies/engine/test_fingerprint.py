import sys
from importlib import metadata
from pathlib import Path

import keras
import pytest

from keras_regnoise.studies import registry
from keras_regnoise.studies.engine import fingerprint
from keras_regnoise.studies.engine.fingerprint import code_of


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.py"
    file.write_text('"""A study."""\nimport beside\nRATE = 0.1\n')
    (tmp_path / "beside.py").write_text("from package import deep\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "deep.py").write_text("DEPTH = 3\n")
    (tmp_path / "stranger.py").write_text("X = 1\n")
    return file


def digest(file):
    return code_of({"file": str(file)})["the study"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("study.py", "import beside\nRATE = 0.2\n"),
        ("beside.py", "from package import deep\nY = 1\n"),
        ("package/deep.py", "DEPTH = 4\n"),
    ],
)
def test_code_that_a_result_depends_on_counts(study, name, text):
    before = digest(study)
    (study.parent / name).write_text(text)
    assert digest(study) != before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("study.py", '"""Another word."""\nimport beside  # why\n\n\nRATE = 0.1\n'),
        ("stranger.py", "X = 2\n"),
    ],
)
def test_remarks_and_strangers_do_not_count(study, name, text):
    before = digest(study)
    (study.parent / name).write_text(text)
    assert digest(study) == before


def test_a_circle_and_a_file_that_does_not_parse(study):
    (study.parent / "beside.py").write_text("import study\n")
    digest(study)
    study.write_text("def (")
    assert digest(study).startswith("blake2b:")


def test_the_functions_of_a_tuning_count(study):
    tune = {"build": f"{study}:build", "data": f"{study.parent / 'beside.py'}:load"}
    before = code_of({"tune": tune})
    (study.parent / "beside.py").write_text("Z = 1\n")
    after = code_of({"tune": tune})
    assert before["the study"] != after["the study"]
    assert before["keras_regnoise"] == after["keras_regnoise"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in the folder one is in, as the command of a shell finds it."""
    monkeypatch.setattr(fingerprint, "_package", list)  # for speed
    folder = tmp_path / "mypkg"
    (folder / "deep").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "train.py": "from mypkg.blocks import X\nfrom .near import Y\n",
        "blocks.py": "X = 1\n",
        "near.py": "from .deep import down\nMODEL = 'mypkg.named:Model'\n",
        "named.py": "Z = 1\n",
        "deep/__init__.py": "from .. import upper\n",
        "deep/down.py": "D = 1\n",
        "upper.py": "U = 1\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    (tmp_path / "my_model.py").write_text("import mypkg.train\n")
    (tmp_path / "study.py").write_text("from mypkg.train import X\n")
    return folder


PARTS = (
    "__init__",
    "train",
    "blocks",
    "near",
    "named",
    "deep/__init__",
    "deep/down",
    "upper",
)
SOURCES = {
    "a module": {"tune": {"build": "my_model:build", "data": "digits"}},
    "a module of a package": {"tune": {"build": "mypkg.train:build", "data": "digits"}},
    "a file": {"file": "study.py"},
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("is_importable", [False, True])
def test_every_module_of_a_package_counts(
    package, monkeypatch, source, part, is_importable
):
    if is_importable:
        monkeypatch.syspath_prepend(str(package.parent))
        monkeypatch.chdir(package if source != "a file" else package.parent)
    else:  # the command of a shell, which has the folder on no path
        monkeypatch.chdir(package.parent)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypkg"]:
        monkeypatch.delitem(sys.modules, name)
    before = code_of(SOURCES[source])["the study"]
    file = package / f"{part}.py"
    file.write_text(f"{file.read_text()}W = 2\n")
    assert code_of(SOURCES[source])["the study"] != before


def test_an_installed_package_counts_with_itself_alone():
    """Not with the whole of what is installed beside it."""
    source = {"tune": {"build": "keras_tuner.engine.tuner:Tuner", "data": "digits"}}
    (root,) = fingerprint._roots(source)
    names = {file.relative_to(root.folder).parts[0] for file in root.with_imported()}
    assert names == {"keras_tuner"}


def test_the_module_of_another_packages_study_counts(package, monkeypatch):
    entry = metadata.EntryPoint("mine", "mypkg.train:STUDY", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "_entry_points", lambda: [entry])
    monkeypatch.chdir(package.parent)
    before = code_of({"name": "mine"})["the study"]
    (package / "blocks.py").write_text("X = 2\n")
    assert code_of({"name": "mine"})["the study"] != before
    own = {name: code_of({"name": name})["the study"] for name in ("lecture", "mine")}
    assert own["lecture"] != own["mine"]


def test_a_data_set_with_a_version_is_not_a_module():
    for data in ("cifar10:3.0.2", "emnist/balanced:3.1.0"):
        code_of({"tune": {"build": "json:dumps", "data": data}})


@pytest.mark.parametrize("text", ["sets/mine.py:load", "../a.py:f", "/a/b.py:f"])
def test_a_text_that_names_a_file_elsewhere(study, text):
    study.write_text(f"DATA = {text!r}\n")
    assert digest(study).startswith("blake2b:")


def test_the_folder_of_a_virtual_environment_is_not_what_is_installed_in_it():
    assert not fingerprint._is_installed(Path(sys.prefix))
    assert fingerprint._is_installed(Path(keras.__file__).parents[1])
