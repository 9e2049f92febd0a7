"""Finds the study that an argument names."""

import contextlib
from typing import TYPE_CHECKING

from keras_regnoise.studies._quiet import quiet_imports

if TYPE_CHECKING:
    from keras_regnoise.studies.registry import Source
    from keras_regnoise.studies.study import Study


def find_study(name: str) -> "tuple[Study, Source]":
    """Return a study and how another process finds it; see `registry.find`.

    Code of others imports a backend, which starts without a word, and may load a model,
    for which Keras must know our layers.
    """
    from keras_regnoise.studies import registry

    if registry.is_foreign(name):
        with contextlib.suppress(ImportError), quiet_imports():
            import keras_regnoise.layers
            import keras_regnoise.regularizers  # noqa: F401
    return registry.find(name)
