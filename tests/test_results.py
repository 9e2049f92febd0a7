"""The numbers in the documents are those of the records beside them."""

import importlib.util

import pytest

from tests.helpers import ROOT

pytest.importorskip("rich")
pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend


@pytest.fixture(scope="module")
def tables():
    file = ROOT / "docs" / "results" / "tables.py"
    spec = importlib.util.spec_from_file_location("tables", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_documents_say_what_the_records_do(tables):
    documents = tables.documents()
    assert len(documents) >= 2
    for file, text in documents.items():
        assert file.read_text("utf-8") == text, f"run docs/results/tables.py: {file}"


def test_a_number_that_was_changed_by_hand_is_found(tables):
    text = "before\n<!-- x -->\nold\n<!-- end -->\nafter <!-- end -->"
    expected = "before\n<!-- x -->\nnew\n<!-- end -->\nafter <!-- end -->"
    assert tables.filled(text, "x", "new") == expected
    with pytest.raises(ValueError, match="no <!-- y -->"):
        tables.filled(text, "y", "new")


def test_records_that_are_published_name_no_place_of_a_machine():
    for file in (ROOT / "docs" / "results").glob("*/cells/*.json"):
        text = file.read_text("utf-8")
        assert '"traceback": null' in text
        assert not any(f'"{place}' in text for place in ("/", "~", "C:\\\\")), file
