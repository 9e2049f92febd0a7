"""How a model was compiled."""

from typing import Any

import keras


def compile_arguments(model: keras.Model) -> dict[str, Any] | None:
    """The arguments that `model.compile` was called with, the objects themselves.

    None for a class with a `compile` of its own, whose arguments are not known.
    """
    if type(model).compile is not keras.Model.compile:
        return None
    return dict(model._compile_config.config)
