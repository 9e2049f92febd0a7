"""Trainings in the user's process leave its global dtype policy as it was."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def policy_kept() -> Iterator[None]:
    """A training sets the global dtype policy: set it back."""
    policy = keras.config.dtype_policy()
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
