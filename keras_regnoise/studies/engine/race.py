"""Makes the oracle of a race, with keras-tuner, when the search has its workers."""

from typing import Any

from keras_regnoise.studies.run import Run


def racing(run: Run) -> Any:
    """Return the oracle of a tuning's run; see `trials.racing`."""
    from keras_regnoise.studies.engine import trials

    return trials.racing(run)
