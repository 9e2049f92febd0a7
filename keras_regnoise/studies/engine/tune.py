"""Finds the arms of a tuning, and what is wrong with it, before the first cell."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras_regnoise.studies._text import clean_text
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run import Options
from keras_regnoise.studies.tune import Tuning


def prepared(tuning: Tuning, options: Options) -> Tuning:
    """List the arms, and try what could fail after the training before it.

    In a worker, with the user's backend: a model of every kind of noise is built,
    checked against the data, and exported without having been trained.

    Args:
        tuning: Without arms.
        options: How the cells will be trained.

    Raises:
        InputError: If something is wrong with the model, the data or the objective.
    """
    from keras_regnoise.studies.engine.cluster import Workers, open_pool

    with (
        tempfile.TemporaryDirectory() as logs,
        open_pool(Workers(), Path(logs)) as pool,
    ):
        arms, reason = pool.run(_prepare, tuning, options)
    if reason:
        raise InputError(reason)
    return replace(tuning, arms=arms)


def _prepare(tuning: Tuning, options: Options) -> tuple[dict[str, Any], str]:
    from keras_regnoise.studies.engine.rehearsal import rehearsed_arms

    try:
        return rehearsed_arms(tuning, options), ""
    except (Exception, SystemExit) as error:
        return {}, clean_text(reason_of(error))
