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
