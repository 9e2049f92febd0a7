import dataclasses

import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise import datasets
from keras_regnoise.studies import Fit
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.early_stopping import STUDY


def fitted(way, epochs=6):
    recipe = dataclasses.replace(STUDY.recipe("smoke"), epochs=epochs)
    model = STUDY.load_model()(recipe, datasets.load("digits", examples=100))
    (cell,) = STUDY.cells("smoke", [way], [0])
    hp = hyperparameters(cell)
    keras.utils.set_random_seed(0)
    network = model.build(hp)
    ends = []
    log = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: ends.append(e))
    metrics = model.fit(hp, network, Fit((log,)))
    return metrics, ends


def test_each_way_trains_on_what_it_says(monkeypatch):
    seen = []
    real = keras.Model.fit

    def spy(self, x=None, *args, **options):
        seen.append(None if not hasattr(x, "shape") else len(x))
        return real(self, x, *args, **options)

    monkeypatch.setattr(keras.Model, "fit", spy)
    none, ends = fitted("none")
    assert (seen, ends) == ([None], list(range(6)))  # batches, epoch by epoch
    seen.clear()
    stopped, ends = fitted("stopped")
    assert (seen, ends) == ([100], [5])
    for way in ("restart", "continue"):
        seen.clear()
        metrics, ends = fitted(way)
        assert (seen, ends) == ([100, 397], [5])  # all data in the second run
        assert metrics["test_accuracy"] > 0.5
    assert 0.3 < stopped["test_accuracy"] <= 1.0
    assert none.keys() == stopped.keys()
