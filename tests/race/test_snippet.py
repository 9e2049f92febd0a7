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
    exec(snippet("the winner", values, str(tmp_path / "model.keras")), names)
    made = names["model"]
    assert len(made.layers) == count
    assert made.compiled
    kernels = [m.layers[0].get_weights()[0] for m in (model, made)]
    assert not np.array_equal(*kernels)
