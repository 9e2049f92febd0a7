"""A warning names a line of the user's, through Keras and its backend too."""

import keras
import numpy as np
import pytest

from keras_regnoise import placement
from keras_regnoise.layers import RotationOut

pytestmark = pytest.mark.backend


class Scale(keras.layers.Layer):
    """Forgets in its config what it was told."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return super().get_config()


class Watched(keras.Model):
    """Has a constructor of its own, and its own `compute_metrics`."""

    def __init__(self, inputs, outputs, what, **kwargs):
        super().__init__(inputs, outputs, **kwargs)
        self.what = what

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred, sample_weight)


def network(*layers):
    return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(3)])


def insert_before_dense(model):
    placement.insert(model, lambda layer: RotationOut(0.2), before=keras.layers.Dense)


def one_vector_in_a_call():
    RotationOut(0.2)(np.ones((1, 4), "float32"), training=True)


def one_vector_in_training():
    model = network(RotationOut(0.2))
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((1, 4)), np.ones((1, 3)))


def lost_value():
    insert_before_dense(network(Scale(2.0)))


def lost_methods():
    model = network()
    watched = Watched(model.inputs, model.outputs, "the loss")
    insert_before_dense(watched)


def lines_of(function):
    return {line for _, _, line in function.__code__.co_lines()}


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (one_vector_in_a_call, "a batch of one vector"),
        (one_vector_in_training, "a batch of one vector"),
        (lost_value, "factor is 2.0"),
        (lost_methods, "without its own compute_metrics"),
    ],
)
def test_a_warning_is_of_the_users_line(what, message):
    with pytest.warns(UserWarning, match=message) as caught:
        what()
    (ours,) = (w for w in caught if message in str(w.message))
    assert ours.filename == __file__
    assert ours.lineno in lines_of(what) | lines_of(insert_before_dense)
