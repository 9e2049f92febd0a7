"""The processes of a search: what their environments say, and how they end."""

from collections.abc import Mapping

CHIEF = "chief"  # keras-tuner's own name
CHIEF_GONE = 3  # exit code of a worker


class TimeLimitError(Exception):
    """The time limit of the run has passed."""


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that trains: the user's own.

    The command itself runs Keras on NumPy; see `keras_regnoise_command`.
    """
    child = dict(environment)
    backend = child.pop("KERAS_REGNOISE_BACKEND", None)
    if backend is not None:
        child.pop("KERAS_BACKEND", None)
        if backend:
            child["KERAS_BACKEND"] = backend
    return {k: v for k, v in child.items() if not k.startswith("KERASTUNER_")}
