"""The examples of docs/layers.md run, and what it names exists."""

import re

import keras

import keras_regnoise as krn
from tests.helpers import ROOT, run_page

PAGE = (ROOT / "docs" / "layers.md").read_text()


def test_examples_of_the_page():
    _, names = run_page("layers.md")
    y = names["locked"](keras.ops.ones((2, 5, 16)), training=True)
    assert bool(keras.ops.all(y == y[:, :1]))
    result = names["result"]
    assert result.steps == result.epochs


def test_names_of_the_page():
    paths = re.findall(r"`(keras|krn)\.([A-Za-z_.0-9]+)", PAGE)
    assert len(paths) > 30
    for root, path in paths:
        member = keras if root == "keras" else krn
        for name in path.split("."):
            member = getattr(member, name)
    listed = {path for root, path in paths if root == "krn"}
    public = {name for name in krn.layers.__all__ if name != "NoiseLayer"}
    assert public <= {path.rpartition(".")[2] for path in listed}
