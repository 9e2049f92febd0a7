"""The example of docs/datasets.md runs, and its table is complete."""

import re

import pytest

pytest.importorskip("sklearn")

from keras_regnoise import datasets
from tests.helpers import ROOT, run_page


def test_the_example_of_the_page():
    _, names = run_page("datasets.md")
    assert names["accuracy"] > 0.8
    assert names["digits"].sizes == {"train": 400, "validation": 297, "test": 1000}


def test_the_page_names_every_augmentation():
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert re.findall(
        r"^\| `(\w+)` \| .* \| (?:`R|ours)", page, flags=re.MULTILINE
    ) == list(datasets.AUGMENTATIONS)
