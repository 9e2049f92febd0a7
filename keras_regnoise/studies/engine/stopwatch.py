import time
from typing import Any

import keras


class StopwatchStoppedError(Exception):
    """Enough steps were timed."""


class Stopwatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Times training steps for a few seconds, then ends the training.

    Args:
        budget_s: Seconds to time, the first step not counted, which compiles.
    """

    def __init__(self, budget_s: float = 5.0) -> None:
        super().__init__()
        self.budget_s = budget_s
        self._steps, self._batch = 0, -1
        self._timed, self._compiled = False, 1
        self._begin = self._first = self._last = time.perf_counter()

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._batch = -1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._last = time.perf_counter()
        # With `steps_per_execution`, a call is about several steps.
        steps, self._batch = batch - self._batch, batch
        if not self._timed:
            self._timed, self._first, self._compiled = True, self._last, steps
        else:
            self._steps += steps
        if self._last - self._first > self.budget_s:
            raise StopwatchStoppedError

    def estimate(self, steps: int) -> float:
        """Return the seconds that so many steps take, with the compilation."""
        start = self._first - self._begin
        if not self._steps:
            return start * steps / self._compiled
        step = (self._last - self._first) / self._steps
        return start + step * max(0, steps - self._compiled)
