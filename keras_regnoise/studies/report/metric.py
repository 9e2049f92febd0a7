"""How a metric is named and printed."""

import math
from dataclasses import dataclass

from keras_regnoise.studies.report.interval import Interval

NOTHING = "n/a"
_PARTS = {"val": "validation", "train": "training"}
_OF_PARTS = ("train", "val", "test")
LAST, BEST, AVERAGE = "last epoch", "best epoch", "mean of the last epochs"
SELECTED = "epoch chosen on the validation split"
_EPOCHS = {"best_": BEST, "average_": AVERAGE, "selected_": SELECTED}


@dataclass(frozen=True)
class Metric:
    """How a metric is named and printed: accuracies in percent, others as they are.

    Attributes:
        name: Its name in the records. `"test_accuracy"` is that of the last epoch,
            `"best_test_accuracy"` the best of all epochs, `"average_test_accuracy"` the
            mean of the last epochs, and `"selected_test_accuracy"` that of the epoch
            which was best on the validation split.

    Example:

    >>> Metric("test_accuracy").label
    'test accuracy, %, last epoch'
    >>> Metric("test_accuracy").number(0.971)
    '97.10'
    >>> Metric("best_val_loss").label
    'validation loss, best epoch'
    """

    name: str

    @property
    def base(self) -> str:
        """The name without the choice of the epoch."""
        return self.name.removeprefix(self._prefix)

    @property
    def _prefix(self) -> str:
        for prefix in _EPOCHS:
            part = self.name.removeprefix(prefix).partition("_")[0]
            if self.name.startswith(prefix) and part in _OF_PARTS:
                return prefix
        return ""

    @property
    def best(self) -> bool:
        """Whether it is that of the best epoch."""
        return self._prefix == "best_"

    @property
    def percent(self) -> bool:
        """Whether it is a fraction that is printed in percent."""
        return self.base.endswith("accuracy")

    @property
    def is_share(self) -> bool:
        """Whether it is a share of examples: an accuracy, or what one leaves of 1."""
        return self.percent or self.base.partition("_")[2] == "error"

    @property
    def factor(self) -> float:
        """What a value is multiplied by in tables and figures."""
        return 100.0 if self.percent else 1.0

    @property
    def words(self) -> str:
        """The name for people, without unit and epoch."""
        first, _, rest = self.base.partition("_")
        return " ".join([_PARTS.get(first, first), *rest.split("_")]).strip()

    @property
    def axis(self) -> str:
        """Name and unit."""
        return f"{self.words}, %" if self.percent else self.words

    @property
    def epoch(self) -> str:
        """Which epoch it is from."""
        return _EPOCHS.get(self._prefix, LAST)

    @property
    def label(self) -> str:
        """Name, unit and epoch."""
        return f"{self.axis}, {self.epoch}"

    def number(self, value: float) -> str:
        """Format a value."""
        value = value * self.factor
        if not math.isfinite(value):
            return NOTHING
        if self.percent:
            return f"{value:.2f}"
        small_or_large = value and not 1e-3 <= abs(value) < 1e4
        return f"{value:.3g}" if small_or_large else f"{value:.4f}"

    def signed(self, value: float) -> str:
        """Format a difference."""
        text = self.number(value)
        if text == NOTHING:
            return text
        if not float(text):  # no "-0.00"
            return text.removeprefix("-")
        return text if text.startswith("-") else f"+{text}"

    def bounds(self, interval: Interval) -> tuple[float, float]:
        """Return the ends of an interval; those of an accuracy stay in [0, 1]."""
        if not self.percent:
            return interval.low, interval.high
        # Of two accuracies, Student's t makes intervals beyond what is possible.
        # In this order, min and max keep NaN.
        return max(interval.low, 0.0), min(interval.high, 1.0)
