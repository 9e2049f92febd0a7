"""Writes a trained model for deployment, in a worker that knows the user's code."""

import inspect
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.run import Run

if TYPE_CHECKING:
    import keras

FORMATS = {"keras": ".keras", "saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
_UNKNOWN = (
    32  # stands for a size that a model leaves open, in the example it is called on
)


def export_model(directory: Path, cell: str, form: str, target: Path) -> str:
    """Load the model of a cell, strip its noise and write it.

    Args:
        directory: Folder of the run.
        cell: Name of the cell.
        form: A key of `FORMATS`.
        target: File or folder to write.

    Returns:
        Why that was not possible, or `""`.
    """
    try:
        run = Run.without_records(directory)
        objects = own_objects(run.manifest.source)
        write(load(run.model_of(cell), objects), form, target)
    except (Exception, SystemExit) as error:
        return clean_text(reason_of(error))
    return ""


def rehearse(network: "keras.Model", objects: Mapping[str, Any]) -> None:
    """Save a model, load it, strip it and save it again, as will be done in the end.

    Args:
        network: An untrained model.
        objects: See `own_objects`.

    Raises:
        Exception: Whatever will be wrong in the end.
    """
    with tempfile.TemporaryDirectory() as name:
        noisy, plain = Path(name) / "noisy.keras", Path(name) / "plain.keras"
        network.save(noisy)
        write(load(noisy, objects), "keras", plain)
        load(plain, objects)


def load(file: Path, objects: Mapping[str, Any]) -> "keras.Model":
    """Load a model without its loss and optimizer, which an export does not need."""
    import keras

    return keras.saving.load_model(file, custom_objects=objects, compile=False)


def write(network: "keras.Model", form: str, target: Path) -> None:
    """Strip a model of its noise and write it."""
    import keras

    from keras_regnoise import placement

    network = placement.strip(network)
    target.parent.mkdir(parents=True, exist_ok=True)
    if form == "keras":
        network.save(target)
        return
    # The ONNX exporter wants a model that has been called.
    is_sequential = isinstance(network, keras.Sequential)
    inputs = network.inputs[0] if is_sequential else network.input
    network(keras.tree.map_structure(_example, inputs))
    form = "tf_saved_model" if form == "saved_model" else form
    network.export(target, format=form, verbose=False)


def _example(tensor: Any) -> Any:
    import keras

    sizes = [size or _UNKNOWN for size in tensor.shape[1:]]
    return keras.ops.zeros((tensor.shape[0] or 1, *sizes), tensor.dtype)


def own_objects(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the classes and functions of the user's modules, registered or not.

    Args:
        source: How the study is found, whose modules are imported by this.
    """
    from keras_regnoise.studies import registry
    from keras_regnoise.studies.user_code import load_file, load_function

    registry.resolve(source)
    modules = [load_file(source["file"])] if "file" in source else []
    for name in ("build", "data"):
        if ":" in str(place := source.get("tune", {}).get(name, "")):
            module = sys.modules.get(load_function(place).__module__ or "")
            modules += [module] if module else []  # none of what was typed in
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) or inspect.isfunction(value)
    }
