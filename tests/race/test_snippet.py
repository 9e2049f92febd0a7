"""The code of a winner makes its model."""

import keras
import numpy as np
import pytest

from keras_regnoise._race.snippet import snippet

NONE = {"noise": "none"}
DROPOUT = {"noise": "dropout", "noise_rate": 0.1, "noise_placement": "before_head"}


@pytest.mark.parametrize(
    ("values", "count"), [(NONE, 2), (DROPOUT, 3)], ids=["none", "noise"]
)
def test_the_model_of_a_file_has_new_weights_as_in_the_race(
    tmp_path, monkeypatch, values, count
):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    monkeypatch.chdir(tmp_path)
    names = {}
    arms = {"none": NONE, "the winner": values, "another": DROPOUT}
    exec(snippet("the winner", arms, str(tmp_path / "model.keras")), names)
    made = names["model"]
    assert len(made.layers) == count
    assert made.compiled
    kernels = [m.layers[0].get_weights()[0] for m in (model, made)]
    assert not np.array_equal(*kernels)


_BUILD = """
import keras
import keras_regnoise as krn

def build(hp):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu")])
    model.add(krn.tuning.noise(hp, "noise", rates=(0.0, 0.1)))
    model.add(keras.layers.Dense(1))
    return model
"""


@pytest.mark.parametrize("winner", ["none", "Dropout 0.1"])
def test_noise_that_a_model_asks_for_itself_is_not_put_in_again(
    tmp_path, monkeypatch, winner
):
    (tmp_path / "asks_itself.py").write_text(_BUILD)
    monkeypatch.syspath_prepend(tmp_path)
    arms = {"none": NONE, "Dropout 0.1": {"noise": "dropout", "noise_rate": 0.1}}
    names = {}
    exec(snippet(winner, arms, "asks_itself.py:build"), names)
    kinds = [type(layer).__name__ for layer in names["model"].layers]
    assert kinds[1:2] == ["Identity" if winner == "none" else "Dropout"]
    assert len(kinds) == 3
