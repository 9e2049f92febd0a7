"""What is handed out: all of the project, with one version."""

import tomllib
from importlib import metadata

import keras_regnoise
from tests.helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_HANDED_OUT = {"pyproject.toml", "runs", "site", "dist", "build"}


def test_the_source_archive_holds_everything():
    included = set(PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    there = {name for name in there if not name.endswith(("__pycache__", ".egg-info"))}
    assert there - NOT_HANDED_OUT <= included
    assert included <= there


def test_the_version_stands_in_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    where = ROOT / PROJECT["tool"]["hatch"]["version"]["path"]
    assert f'"{keras_regnoise.__version__}"' in where.read_text()
    assert metadata.version("keras-regnoise") == keras_regnoise.__version__
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"version: {keras_regnoise.__version__}\n" in citation
