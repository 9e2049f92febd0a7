"""The random states of a model: seeded for a while, read, and put back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_regnoise import _backend
from keras_regnoise._backend.contract import Unseeded
from keras_regnoise._keras.randomness import own_global_generator
from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.analysis._observe import preserved, value_of


class Draws:
    """Seeds all that a model draws from, and sees whether it did.

    Args:
        generators: The sources of randomness.
        unseeded: That of the framework.
        seed: Integer or None, of all the seeds.
    """

    def __init__(
        self,
        generators: list[keras.random.SeedGenerator],
        unseeded: Unseeded,
        seed: int | None,
    ) -> None:
        # `random` is what keras.random.SeedGenerator draws a default seed from.
        self._random = np.random.default_rng(
            random.getrandbits(31) if seed is None else seed
        )
        self._unseeded = unseeded
        # The count of draws, where a schedule of the rate stands, is left alone.
        self._counts = [(g.state, int(value_of(g.state)[1])) for g in generators]
        self._states: list[Any] = []

    def begin(self) -> None:
        """Give every generator a new seed."""
        seeds = self._random.integers(2**30, size=len(self._counts) + 1)
        self._unseeded.seed(int(seeds[-1]))
        self._states = [
            (state, np.array([seed, count], state.dtype))
            for (state, count), seed in zip(self._counts, seeds[:-1], strict=True)
        ]
        for state, value in self._states:
            state.assign(value)

    def has_drawn(self) -> bool:
        """Whether a generator was used since `begin`."""
        return self._unseeded.has_drawn() or any(
            (value_of(state) != value).any() for state, value in self._states
        )


@contextmanager
def own_draws(model: keras.Model, seed: int | None) -> Iterator[Draws]:
    """Yield what seeds the draws of a model; every random state is put back after."""
    generators = seed_generators(model)
    with (
        own_global_generator() as of_keras,
        _backend.Unseeded() as unseeded,
        preserved(generator.state for generator in generators),
    ):
        yield Draws([*generators, of_keras], unseeded, seed)


def seed_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """The sources of randomness of a model, its layers and their lists and dicts."""
    found: dict[int, keras.random.SeedGenerator] = {}
    for layer in (model, *every_layer(model)):
        for generator in _generators_in(list(vars(layer).values())):
            found[id(generator)] = generator
    return list(found.values())


def _generators_in(value: Any) -> Iterator[keras.random.SeedGenerator]:
    if isinstance(value, keras.random.SeedGenerator):
        yield value
    elif isinstance(value, (list, tuple, set, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _generators_in(item)
