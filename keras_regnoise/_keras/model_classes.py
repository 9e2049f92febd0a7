"""The class that a model has when it is built anew, and what of its own it loses."""

import inspect
from typing import Any

import keras

from keras_regnoise._keras.kinds import is_of_keras

_TRAINING = ("train_step", "test_step", "compute_loss", "compute_metrics")
_USUAL = {"inputs", "outputs", "name", "trainable"}


def class_when_rebuilt(model: keras.Model) -> Any:
    """The class of a functional or Sequential model if it can be built as those are.

    So a subclass with a `train_step` of its own keeps it. One with a constructor of its
    own becomes Keras's class, as in `keras.models.clone_model`.
    """
    cls: Any = type(model)
    if isinstance(model, keras.Sequential):
        is_usual = cls.__init__ is keras.Sequential.__init__
        return cls if is_usual else keras.Sequential
    return cls if _is_functional(cls) else keras.Model


def _is_functional(cls: Any) -> bool:
    """Whether a constructor takes what a functional model's does, and no more."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p.name for p in parameters if p.kind not in variadic]
    passes_on = {p.kind for p in parameters} >= {*variadic}
    return set(named) <= _USUAL and (passes_on or named[:2] == ["inputs", "outputs"])


def loses_its_call(model: keras.Model) -> bool:
    """Whether the class computes something in a `call` of its own that is lost."""
    is_own = not is_of_keras(type(model).call)
    return is_own and class_when_rebuilt(model) is not type(model)


def lost_methods(model: keras.Model) -> list[str]:
    """What the class says of training that is lost when the model is built anew."""
    if class_when_rebuilt(model) is type(model):
        return []
    return [name for name in _TRAINING if not is_of_keras(getattr(type(model), name))]
