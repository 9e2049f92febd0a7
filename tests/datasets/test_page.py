"""The examples of docs/datasets.md and of the docstrings run."""

import doctest
import importlib
import pkgutil
import re

import pytest

pytest.importorskip("sklearn")

from keras_regnoise import datasets
from tests.helpers import ROOT

MODULES = [
    info.name
    for info in pkgutil.iter_modules(datasets.__path__)
    if not info.name.startswith("_")
]


def test_the_example_of_the_page():
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names = {}
    exec(code, names)
    assert names["digits"].sizes == {"train": 100, "validation": 297, "test": 1000}


def test_the_page_names_every_augmentation():
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| .* \| `R", page, flags=re.MULTILINE) == list(
        datasets.AUGMENTATIONS
    )


@pytest.mark.parametrize("name", ["", *MODULES])
def test_examples_of_the_docstrings(name):
    module = importlib.import_module(f"keras_regnoise.datasets.{name}".rstrip("."))
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.failed == 0
