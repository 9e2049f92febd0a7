"""The generator of what draws without a seed."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def own_global_generator() -> Iterator[keras.random.SeedGenerator]:
    """Let `keras.random` draw from a new generator where no seed is given.

    Keras's own, if there is one, is left as it was.
    """
    state = keras.src.backend.common.global_state
    name = keras.src.random.seed_generator.GLOBAL_SEED_GENERATOR
    before = state.get_global_attribute(name)
    generator = keras.random.SeedGenerator(0)
    state.set_global_attribute(name, generator)
    try:
        yield generator
    finally:
        state.set_global_attribute(name, before)
