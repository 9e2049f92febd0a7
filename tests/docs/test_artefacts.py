"""docs/artefacts.md says what the studies do."""

import importlib.util

import pytest

pytest.importorskip("keras_tuner")

from keras_regnoise.studies import registry
from keras_regnoise.studies.papers.published import tables
from tests.helpers import ROOT

pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend


@pytest.fixture(scope="module")
def script():
    file = ROOT / "docs" / "artefacts.py"
    spec = importlib.util.spec_from_file_location("artefacts", file)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(file.parent))  # as for a script
        spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_studies(script):
    """If this fails: python docs/artefacts.py."""
    assert (ROOT / "docs" / "artefacts.md").read_text("utf-8") == script.page()


def test_every_published_table_and_every_study_of_a_paper_is_on_it(script):
    text = script.page()
    assert [table for table in tables() if f"`{table}.csv`" not in text] == []
    for name in registry.names():
        study = registry.find(name)[0]
        assert (f"| `{name}` |" in text) == bool(study.paper)


def test_a_table_without_a_study_is_said_so(script):
    study = registry.find("vcl-time")[0]
    others = [registry.find(n)[0] for n in registry.names() if n != "vcl-time"]
    assert script._left_out(study.paper, others) == ["vcl_table1"]
    assert script._without_study("vcl_table1")[:2] == ("Table 1", "none")


def test_hours_follow_from_what_is_published_and_counted(script):
    """A study of one network: 240 epochs of it take what its images do."""
    hours = script.gpu_hours
    study = registry.find("rotationout-imagenet")[0]
    recipe = study.recipe("paper")
    images = recipe.epochs * (1_153_050 // recipe.batch_size) * recipe.batch_size
    expected = 40 * images / 367 / 3600
    # Ours is that network, with the stride where the first paper has it.
    assert hours.gpu_hours(study) == pytest.approx(expected, rel=0.01)
    assert hours.gpu_hours(registry.find("rotationout-speech")[0]) is None
    assert hours.gpu_hours(registry.find("lecture")[0]) is None
    assert hours.cpu_hours(study) is None
    assert hours.cpu_hours(registry.find("vcl-uci")[0]) > 0


def test_every_network_for_images_is_counted(script):
    """If this fails: python docs/networks.py."""
    counted = {
        (row["study"], row["group"]) for row in script.gpu_hours.rows("networks.csv")
    }
    left_out = {"rotationout-speech", "vcl-uci"}
    for name in registry.names():
        study = registry.find(name)[0]
        if "paper" in study.recipes and name not in left_out:
            groups = {cell.arm.group for cell in study.cells("paper")}
            assert {(name, group) for group in groups} <= counted
