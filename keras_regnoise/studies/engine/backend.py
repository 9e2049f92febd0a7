"""The backend of the processes that train: the user's own.

The command itself may run Keras on NumPy; see `keras_regnoise_command`.
"""

import os


def training_environment() -> dict[str, str]:
    """Return the environment of a process that trains."""
    environment = dict(os.environ)
    backend = environment.pop("KERAS_REGNOISE_BACKEND", None)
    if backend is not None:
        environment.pop("KERAS_BACKEND", None)
    if backend:
        environment["KERAS_BACKEND"] = backend
    return environment
