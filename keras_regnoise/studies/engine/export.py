"""Writes a trained model for deployment, in a worker."""

from pathlib import Path

from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.run import Run


def export_model(directory: Path, cell: str, form: str, target: Path) -> str:
    """Load the model of a cell, strip its noise and write it.

    Args:
        directory: Folder of the run.
        cell: Name of the cell.
        form: `"keras"`, `"saved_model"`, `"onnx"` or `"litert"`.
        target: File or folder to write.

    Returns:
        Why that was not possible, or `""`.
    """
    try:
        _export(Run.without_records(directory), cell, form, target)
    except (Exception, SystemExit) as error:
        return clean_text(reason_of(error))
    return ""


def _export(run: Run, cell: str, form: str, target: Path) -> None:
    import keras

    import keras_regnoise
    from keras_regnoise.studies import registry

    registry.resolve(run.manifest.source)  # registers the layers of the study
    network = keras.saving.load_model(run.model_of(cell), compile=False)
    network = keras_regnoise.placement.strip(network)
    # The ONNX exporter wants a model that has been called.
    examples = [keras.ops.zeros((1, *x.shape[1:]), x.dtype) for x in network.inputs]
    network(examples if len(examples) > 1 else examples[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    if form == "keras":
        network.save(target)
    else:
        form = "tf_saved_model" if form == "saved_model" else form
        network.export(target, format=form, verbose=False)
