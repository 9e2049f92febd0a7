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
        self._steps = 0
        self._begin = self._first = self._last = time.perf_counter()

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._last = time.perf_counter()
        if self._steps == 0:
            self._first = self._last
        self._steps += 1
        if self._last - self._first > self.budget_s:
            raise StopwatchStoppedError

    def estimate(self, steps: int) -> float:
        """Return the seconds that so many steps take, with the compilation."""
        timed = max(1, self._steps - 1)
        step = (self._last - self._first) / timed or self._first - self._begin
        return self._first - self._begin + step * (steps - 1)
