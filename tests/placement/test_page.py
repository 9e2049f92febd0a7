"""The examples of docs/placement.md run and print what the page says."""

import pytest

import keras_regnoise.placement  # noqa: F401
from tests.helpers import run_page


def test_examples_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page, names = run_page("placement.md")
    krn, keras = names["krn"], names["keras"]
    with pytest.raises(ValueError, match="Nothing in the model matches") as caught:
        krn.placement.plan(
            names["pretrained"], before=keras.layers.Conv2D, name="conv5_block4_.*"
        )
    assert f"\n\n```\nValueError: {caught.value}\n```\n" in page
    noisy, drop, clean, small = (names[n] for n in ("noisy", "drop", "clean", "small"))
    old = len(names["pretrained"].layers)
    assert (len(noisy.layers), len(clean.layers), len(small.layers)) == (
        *(old + 29, old, old - 53),
    )
    dropped = krn.layers.DropActivation
    assert sum(isinstance(layer, dropped) for layer in drop.layers) == 49
    assert (tmp_path / "clean.keras").exists()
