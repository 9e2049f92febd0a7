"""Trains a cell once more, to have its model: a race keeps numbers alone."""

import shutil
from dataclasses import replace
from pathlib import Path

from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.run import Run


def save_model_of(directory: Path, name: str) -> str:
    """Train a cell as it was trained, and save the model.

    Args:
        directory: Folder of the run.
        name: Name of the cell.

    Returns:
        Why that was not possible, or `""`.
    """
    from keras_regnoise.studies.engine.training import Trainer

    run = Run.without_records(directory)
    options = replace(run.manifest.options, save_model=True)
    run = replace(run, manifest=replace(run.manifest, options=options))
    try:
        Trainer(run).train(run.manifest.by_name[name])
    except (Exception, SystemExit) as error:
        return clean_text(reason_of(error))
    finally:
        shutil.rmtree(run.backup_of(name), ignore_errors=True)
    return ""
