"""A model compiled as another one was."""

from typing import Any

import keras

from keras_regnoise._keras.compiling import compile_arguments
from keras_regnoise._keras.hooks import objects_by_name

_LossScaleOptimizer = keras.optimizers.LossScaleOptimizer
_BY_OUTPUT = ("loss", "loss_weights", "metrics", "weighted_metrics")


def recompile(model: keras.Model, original: keras.Model) -> keras.Model:
    """Compile `model` with the losses and metrics of `original`, and its optimizer.

    They are the objects that `original` was compiled with, since several may have one
    name. `original` is not to be used any more. An optimizer that has trained it starts
    afresh.
    """
    if not original.compiled:
        return model
    arguments = compile_arguments(original)
    if arguments is None:
        return _by_config(model, original)
    before, after = (getattr(m, "output_names", []) for m in (original, model))
    # Outputs in a dict are called by its keys, and keep those.
    is_dict = isinstance(getattr(model, "output", None), dict)
    names = {} if is_dict else dict(zip(before, after, strict=True))
    renamed = {key: _renamed(arguments[key], names) for key in _BY_OUTPUT}
    anew = {
        "optimizer": _fresh(arguments["optimizer"], original),
        # Which Keras does not keep.
        "auto_scale_loss": isinstance(original.optimizer, _LossScaleOptimizer),
    }
    model.compile(**{**arguments, **renamed, **anew})
    model.jit_compile = original.jit_compile  # it may have been set afterwards
    return model


def _renamed(by_output: Any, names: dict[str, str]) -> Any:
    """What was said for outputs by name, for those that have another name now."""
    if not isinstance(by_output, dict):
        return by_output
    return {names.get(key, key): value for key, value in by_output.items()}


def _fresh(optimizer: Any, original: keras.Model) -> Any:
    if not getattr(optimizer, "built", False):
        return optimizer
    try:
        return type(optimizer).from_config(optimizer.get_config())
    except Exception as error:
        raise _cannot(original, "optimizer", error) from error


def _by_config(model: keras.Model, original: keras.Model) -> keras.Model:
    """The same through the methods that go with a `compile` of the user's own."""
    losses = keras.tree.flatten(original.loss)
    functions = {f.__name__: f for f in losses if hasattr(f, "__name__")}
    if len(functions) < len({id(f) for f in losses if hasattr(f, "__name__")}):
        error = ValueError(f"several of the losses have one name: {[*functions]}")
        raise _cannot(original, "loss", error)
    try:
        with objects_by_name(functions):
            model.compile_from_config(original.get_compile_config())
    except Exception as error:
        raise _cannot(original, "optimizer, loss or metrics", error) from error
    if not model.compiled:
        raise ValueError(
            f"{type(original).__name__} '{original.name}' has a compile() of its own "
            "and no compile_from_config(config) that goes with it, so that it can't "
            "be compiled again with the noise in it. Write one; see "
            "keras.Model.compile_from_config."
        )
    return model


def _cannot(original: keras.Model, what: str, error: Exception) -> ValueError:
    return ValueError(
        f"The model '{original.name}' can't be compiled again with the noise in it: "
        f"Keras cannot make its {what} anew from the configuration. Register your own "
        "ones with @keras.saving.register_keras_serializable(), and use functions "
        f"with a name of their own and no lambdas. Keras said: {error}"
    )
