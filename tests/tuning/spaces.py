"""What the tests of search spaces share."""

import keras
import keras_tuner
import numpy as np


class Grid(keras_tuner.GridSearch):
    """Grid search that builds its models and trains none."""

    def run_trial(self, trial, *args, **kwargs):
        self.hypermodel.build(trial.hyperparameters)
        return 0.0


def trials(tuner):
    tuner.search(verbose=0)
    return [
        tuner.oracle.trials[name].hyperparameters.values
        for name in tuner.oracle.start_order
    ]


def hyperparameters(**values):
    hp = keras_tuner.HyperParameters()
    hp.values = values
    return hp


def drops_whole_channels(layer, rank, axis):
    """Whether a layer drops some channels whole and keeps others; of a file too."""
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    x = np.ones((8, 6, 5, 4, 3)[:rank], "float32")
    drawn = (keras.ops.convert_to_numpy(y(x, training=True)) for y in (layer, copy))
    channels = [np.moveaxis(y, axis, -1).reshape(8, -1, x.shape[axis]) for y in drawn]
    return all((y == y[:, :1]).all() and y.std() > 0 for y in channels)
