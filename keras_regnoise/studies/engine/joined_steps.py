"""Lets TensorFlow and JAX take many training steps in one call."""

import keras

from keras_regnoise.studies.engine.shared_program import program_of
from keras_regnoise.studies.model import StudyModel

_MOST = 32


def join_steps(network: keras.Model, model: StudyModel) -> None:
    """Have a network take many steps in a call, if nobody can tell the difference.

    The results are the same to the bit. Callbacks hear of every call and no more, so
    `fit` and `callbacks` must be those of `StudyModel`, which are about epochs.

    Args:
        network: Compiled; a number of steps that it was compiled with stays.
        model: Of the study; trains the network.
    """
    if (
        type(model).fit is StudyModel.fit
        and type(model).callbacks is StudyModel.callbacks
        and network.steps_per_execution == 1
        and not network.run_eagerly
        and program_of(network) is not None
    ):
        network.steps_per_execution = _divisor(_steps(model))


def _steps(model: StudyModel) -> int:
    return model.data.sizes["train"] // model.recipe.batch_size


def _divisor(steps: int) -> int:
    """Return the most steps, up to 32, of which those of an epoch are a multiple."""
    return max(d for d in range(1, _MOST + 1) if steps % d == 0)
