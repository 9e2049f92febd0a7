"""What the tests of search spaces share."""

import keras_tuner


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
