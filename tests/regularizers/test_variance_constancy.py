import keras
import numpy as np
import pytest

from keras_regnoise.ops import variance_constancy_loss
from keras_regnoise.regularizers import VarianceConstancy
from tests.helpers import to_numpy


def test_strength_does_not_depend_on_the_batch_size():
    # Keras divides what an activity regularizer returns by the batch size.
    for batch in (1, 3, 4, 9, 64):
        x = np.random.default_rng(batch).normal(size=(batch, 5)).astype("float32")
        layer = keras.layers.Activation(
            "linear", activity_regularizer=VarianceConstancy(0.5, beta=0.7)
        )
        layer(x)
        expected = 0.5 * float(variance_constancy_loss(x, 0.7))
        assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-6)


def test_in_fit_it_is_the_layer_with_a_fixed_beta():
    x = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(
                4, activity_regularizer=VarianceConstancy(), kernel_initializer="ones"
            ),
        ]
    )
    model.compile("sgd", loss=lambda y, prediction: 0.0 * prediction)
    pre_activation = np.tile(x.sum(axis=1, keepdims=True), (1, 4))
    loss = model.train_on_batch(x, np.zeros((8, 4)))
    expected = 0.01 * float(variance_constancy_loss(pre_activation, 1.0))
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_config_round_trip_beside_the_layer_of_the_same_name():
    regularizer = VarianceConstancy(0.5, 3, 0.7)
    copy = keras.regularizers.deserialize(keras.regularizers.serialize(regularizer))
    assert isinstance(copy, VarianceConstancy)
    assert copy.get_config() == regularizer.get_config()


@pytest.mark.parametrize("beta", [0.0, -1.0, "1", None, float("nan"), float("inf")])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match=r"positive float.*Received: beta="):
        VarianceConstancy(beta=beta)


def test_value_is_a_float32_scalar():
    x = np.ones((4, 2), "float32")
    assert to_numpy(VarianceConstancy()(x)).dtype == np.float32
