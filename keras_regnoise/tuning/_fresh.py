"""A saved model as it was before it was trained."""

from collections.abc import Callable
from pathlib import Path

import keras

from keras_regnoise._keras.graph import is_graph
from keras_regnoise._keras.model_classes import lost_methods
from keras_regnoise._keras.sublayers import direct_sublayers, every_layer
from keras_regnoise.placement._copying import copy_layer
from keras_regnoise.placement._rebuild import Edits, rebuild
from keras_regnoise.placement._state import copy_state
from keras_regnoise.tuning._recompile import recompile


def from_file(file: str | Path) -> Callable[[], keras.Model]:
    """Return a function that builds the compiled model of a `.keras` file anew.

    What is trained starts from new weights, those that Keras's global seed gives. What
    is not stays as it is in the file, inside other layers too: frozen layers, weights
    under LoRA, and preprocessing that was adapted to data.

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
    kept = _untrained(model)
    if is_graph(model) and not lost_methods(model):
        new = rebuild(model, Edits(kept=kept))
    else:
        new = copy_layer(model)
        copy_state(model, new, kept=kept)
    return recompile(new, model)


def _untrained(model: keras.Model) -> set[int]:
    """The ids of the weights that training does not change."""
    trained = set(map(id, model.trainable_weights))
    kept: set[int] = set()
    for layer in (model, *every_layer(model)):
        # The layers of a graph say themselves whether they are trained.
        if not layer.trainable and not is_graph(layer):
            kept.update(map(id, layer.weights))
        elif hasattr(layer, "adapt") or _is_partly_frozen(layer):
            held = {id(v) for part in direct_sublayers(layer) for v in part.weights}
            kept |= set(map(id, layer.weights)) - held - trained
    return kept


def _is_partly_frozen(layer: keras.Layer) -> bool:
    """Whether a layer's own weights stand still beside others that it trains."""
    is_quantized = getattr(layer, "quantization_mode", None) is not None
    return is_quantized or getattr(layer, "lora_enabled", False)
