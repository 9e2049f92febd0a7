"""Every public name has an entry in docs/api, and examples on the site are code."""

import importlib.util
import inspect
import re

import keras
import pytest

import keras_regnoise as krn
from tests.helpers import ROOT


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_of_the_code():
    """If this fails: python docs/api_pages.py."""
    pytest.importorskip("keras_tuner")
    written = script("api_pages")
    folder = ROOT / "docs" / "api"
    assert {file.stem for file in folder.glob("*.md")} == set(written.PAGES)
    for name in written.PAGES:
        assert (folder / f"{name}.md").read_text() == written.page(name), name


def test_every_package_has_a_page():
    pages = set(script("api_pages").PAGES)
    packages = {n for n in krn.__all__ if inspect.ismodule(getattr(krn, n))}
    assert packages - {"report"} <= pages
    assert {"studies.report", "analysis.plots"} <= pages


def test_entries():
    entries = "".join(file.read_text() for file in (ROOT / "docs/api").glob("*.md"))
    headings = re.findall(r"heading: (\S+)", entries)
    for name in (
        *("placement.insert", "placement.strip", "analysis.mc_predict", "ops.rotate"),
        *("models.resnet", "training.refit", "studies.report.compare"),
    ):
        assert f"keras_regnoise.{name}" in headings


def test_every_page_is_in_the_navigation():
    site = (ROOT / "mkdocs.yml").read_text()
    for file in (ROOT / "docs").rglob("*.md"):
        page = file.relative_to(ROOT / "docs").as_posix()
        assert page in site or page.startswith("results/"), page


def test_every_layer_has_a_page_with_its_picture():
    for name in set(krn.layers.__all__) - {"NoiseLayer"}:
        file = getattr(krn.layers, name).__module__.rpartition(".")[2]
        page = (ROOT / "docs" / "layers" / f"{file}.md").read_text()
        assert page.startswith(f"# {name}\n")
        assert (ROOT / "docs/figures/layers" / f"{file}.png").exists()
        for word in ("When, and where", "Cost", "Paper", "Differences"):
            assert f"**{word}.** " in page


@pytest.mark.parametrize("page", ["names.md", "questions.md", "exports.md"])
def test_names_of_the_pages(page):
    text = (ROOT / "docs" / page).read_text()
    paths = re.findall(r"\b(keras|krn)\.([A-Za-z_.0-9]*[A-Za-z_0-9])", text)
    assert paths
    for root, path in paths:
        member = keras if root == "keras" else krn
        for name in path.split("."):
            member = getattr(member, name)
