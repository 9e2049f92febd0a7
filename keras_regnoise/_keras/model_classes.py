"""The class that a model has when it is built anew, and what of its own it loses."""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise._keras.kinds import is_of_keras

_TRAINING = (
    *("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics"),
    *("fit", "evaluate", "predict", "compile"),
)


def class_when_rebuilt(model: keras.Model) -> Any:
    """The class of a functional or Sequential model if it can be built as those are.

    So a subclass with a `train_step` of its own keeps it. One with a constructor of its
    own becomes Keras's class, as in `keras.models.clone_model`.
    """
    is_sequential = isinstance(model, keras.Sequential)
    first = ["layers"] if is_sequential else ["inputs", "outputs"]
    plain = keras.Sequential if is_sequential else keras.Model
    return type(model) if _takes(type(model), first) else plain


def _takes(cls: Any, first: list[str]) -> bool:
    """Whether a constructor takes what Keras's does, and nothing more."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    kinds = {p.kind for p in parameters}
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p.name for p in parameters if p.kind not in variadic]
    by_position = named[: len(first)] == first or variadic[0] in kinds
    by_name = {"name", "trainable"} <= {*named} or variadic[1] in kinds
    return by_position and by_name and {*named} <= {*first, "name", "trainable"}


def computes_otherwise(model: keras.Model) -> bool:
    """Whether a `call` of its own makes it compute something else than its graph.

    One that goes through the `call` of its base is kept with the class, if that is.
    """
    call = type(model).call
    if is_of_keras(call):
        return False
    is_kept = class_when_rebuilt(model) is type(model)
    return not (is_kept and _goes_through_its_base(call))


def _goes_through_its_base(call: Callable[..., Any]) -> bool:
    """Whether a `call` asks for another one, as in `super().call(inputs)`."""
    code = getattr(inspect.unwrap(call), "__code__", None)
    return code is not None and "call" in code.co_names


def lost_methods(model: keras.Model) -> list[str]:
    """What the class says of training that is lost when the model is built anew."""
    if class_when_rebuilt(model) is type(model):
        return []
    own = {name: getattr(type(model), name, None) for name in _TRAINING}
    return [name for name, value in own.items() if value and not is_of_keras(value)]
