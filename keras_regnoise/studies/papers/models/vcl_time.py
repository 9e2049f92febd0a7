import statistics
import time
from typing import Any

import keras

from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.models.vcl_cifar import VCLImageModel

_METRIC = "seconds_per_100_iterations"


class VCLTimeModel(VCLImageModel):
    """The 11-layer network, trained for as long as its steps are timed."""

    shares_programs = False  # a step that is compiled already would start faster

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        size = self.recipe.batch_size
        batches = self.data.batches(
            "train", size, seed=hp.get("seed"), initial_epoch=fit.initial_epoch
        )
        clock = _Clock(len(batches))
        trained = model.fit(
            batches,
            epochs=self.recipe.epochs,
            initial_epoch=fit.initial_epoch,
            callbacks=[clock, *fit.callbacks],
            verbose=0,
        )
        # With an engine, of the epochs before an interruption too.
        times = (fit.history or trained.history)[_METRIC]
        return {_METRIC: statistics.median(times[1:] or times)}


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Times the steps of every epoch."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps = steps

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        # The loss in `logs` is a number: all steps have ended.
        seconds = time.perf_counter() - self._started
        logs[_METRIC] = 100.0 * seconds / self._steps
