"""Python's `random` for one thread."""

import inspect
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def own_random() -> Iterator[None]:
    """Let nothing but this thread draw from what it takes for Python's generator.

    Keras draws the seeds of layers that have none from the functions of `random`, which
    every thread of a process shares. A draw of Dask's event loop between
    `set_random_seed` and the last layer would give a model other weights.
    """
    own, me = random.Random(), threading.get_ident()
    shared = getattr(random.seed, "__self__", None)  # what its functions belong to
    is_over = False  # for modules that have taken a function meanwhile

    def divided(name: str) -> Callable[..., Any]:
        mine, theirs = getattr(own, name), getattr(shared, name)

        def call(*arguments: Any, **options: Any) -> Any:
            is_mine = threading.get_ident() == me and not is_over
            return (mine if is_mine else theirs)(*arguments, **options)

        return call

    before = {
        name: function
        for name in random.__all__
        if inspect.ismethod(function := getattr(random, name))
        or getattr(function, "__self__", None) is shared
    }
    for name in before:
        setattr(random, name, divided(name))
    try:
        yield
    finally:
        is_over = True
        for name, function in before.items():
            setattr(random, name, function)
