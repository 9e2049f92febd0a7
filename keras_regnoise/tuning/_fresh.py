"""A saved model as it was before it was trained."""

from collections.abc import Callable
from pathlib import Path

import keras

from keras_regnoise.tuning._recompile import recompile


def from_file(file: str | Path) -> Callable[[], keras.Model]:
    """Return a function that builds the compiled model of a `.keras` file anew.

    What is trained starts from new weights, those that Keras's global seed gives. What
    is not stays as it is in the file: frozen layers, and preprocessing that was
    adapted to data.

    Raises:
        ValueError: In the function, if the file can't be loaded or is not compiled.

    Example:
        >>> build_model = from_file("model.keras")
        >>> hypermodel = keras_regnoise.tuning.NoiseHyperModel(
        ...     build_model
        ... )  # doctest: +SKIP
    """

    def build_model() -> keras.Model:
        return _fresh(_loaded(Path(file)))

    return build_model


def _loaded(file: Path) -> keras.Model:
    if not file.is_file():
        raise ValueError(f"There is no file {file}.")
    try:
        model = keras.saving.load_model(file)
    except Exception as error:
        reason = str(error).strip().splitlines()[:1]
        raise ValueError(
            f"{file} can't be loaded: {' '.join(reason)} If it has layers or losses of "
            "your own, give the function that builds it: file.py:function"
        ) from error
    if not model.compiled:
        raise ValueError(
            f"The model in {file} is not compiled: its loss is not known. Call "
            "model.compile(...) before model.save(file)."
        )
    return model


def _fresh(model: keras.Model) -> keras.Model:
    new = keras.models.clone_model(model)
    _keep(model, new)
    return recompile(new, model)


def _keep(old: keras.Model, new: keras.Model) -> None:
    """Give the new model what training does not change."""
    for one, other in zip(old.layers, new.layers, strict=True):
        if isinstance(one, keras.Model):
            _keep(one, other)
        elif one.weights and (not one.trainable or hasattr(one, "adapt")):
            other.set_weights(one.get_weights())
