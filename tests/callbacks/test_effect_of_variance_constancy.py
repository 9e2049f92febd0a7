"""The loss that the callback reports is in the gradient, or it is an error."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.callbacks import VarianceConstancy
from keras_regnoise.regularizers import VarianceConstancy as Regularizer
from tests.callbacks.own_train_steps import AutoEncoder

X = np.random.default_rng(0).normal(size=(32, 5)).astype("float32")


def auto_encoder(how):
    keras.utils.set_random_seed(0)
    model = AutoEncoder(how)
    model(X)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def train(model, *callbacks, **options):
    options = {"batch_size": 8, "epochs": 2, "shuffle": False, **options}
    history = model.fit(X, X, verbose=0, callbacks=list(callbacks), **options).history
    return np.concatenate([w.ravel() for w in model.get_weights()]), history


@pytest.mark.parametrize("how", ["adds", "compute_loss"])
def test_a_train_step_that_adds_the_losses_trains_with_them(how):
    plain, _ = train(auto_encoder(how))
    weights, history = train(auto_encoder(how), VarianceConstancy(5.0))
    assert np.abs(weights - plain).max() > 1e-3
    assert history["variance_constancy/hidden"][0] > 0


@pytest.mark.parametrize("how", ["ignores", "adds", "compute_loss"])
def test_a_train_step_that_ignores_the_losses_is_an_error(how):
    # Twice in a row: the second `fit` is looked at afresh.
    for _ in range(2):
        callback = VarianceConstancy(layers=["hidden"])
        if how == "ignores":
            with pytest.raises(
                ValueError,
                match=r"no effect.*: hidden\. AutoEncoder.train_step leaves out the "
                r"losses.*compute_loss.*sum\(self.losses\)",
            ):
                train(auto_encoder(how), callback)
        else:
            train(auto_encoder(how), callback)


def test_the_error_comes_after_ten_steps_of_a_long_epoch():
    steps = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    with pytest.raises(ValueError, match="no effect"):
        train(auto_encoder("ignores"), count, VarianceConstancy(), batch_size=1)
    assert len(steps) == 10


def test_a_compute_loss_that_ignores_the_losses_is_an_error():
    class Own(keras.Sequential):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return keras.ops.mean(keras.ops.square(y - y_pred))

    model = Own([keras.Input((5,)), layers.Dense(4, "relu"), layers.Dense(5)])
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"Own\.compute_loss leaves out the losses"):
        train(model, VarianceConstancy())


def partly_frozen():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, "relu", name="first", trainable=False),
            layers.Dense(4, "relu", name="second"),
            layers.Dense(5),
        ]
    )
    model.compile("sgd", "mse")
    return model


# TensorFlow's tape goes back through frozen weights too, and does not tell.
@pytest.mark.skipif(keras.config.backend() == "tensorflow", reason="cannot be seen")
def test_layers_behind_frozen_weights_are_told_and_not_logged():
    with pytest.warns(UserWarning, match=r"no effect.*: first\..*no weight before"):
        _, history = train(partly_frozen(), VarianceConstancy())
    assert set(history) == {"loss", "variance_constancy/second"}


@pytest.mark.skipif(keras.config.backend() == "tensorflow", reason="cannot be seen")
def test_frozen_weights_everywhere_are_an_error():
    model = partly_frozen()
    model.layers[1].trainable = False
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="no weight before them is trainable"):
        train(model, VarianceConstancy())


def test_in_a_loop_of_train_on_batch():
    def build(**options):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((5,)), layers.Dense(4, name="hidden", **options)]
        )
        model.add(layers.ReLU(name="relu"))
        model.add(layers.Dense(5))
        model.compile("sgd", "mse")
        return model

    model, callback = build(), VarianceConstancy(1.0)
    callbacks = keras.callbacks.CallbackList([callback], True, model=model)
    callbacks.on_train_begin()
    for step in range(3):
        callbacks.on_train_batch_begin(step)
        model.train_on_batch(X[:8], X[:8])
        callbacks.on_train_batch_end(step)
    callbacks.on_epoch_end(0, {})
    callbacks.on_train_end()
    assert model.history.history["variance_constancy/relu"][0] > 0
    model.train_on_batch(X[8:16], X[8:16])  # without the loss

    reference = build(activity_regularizer=Regularizer(1.0))
    for _ in range(3):
        reference.train_on_batch(X[:8], X[:8])
    reference.layers[0].activity_regularizer = None
    reference.make_train_function(force=True)
    reference.train_on_batch(X[8:16], X[8:16])
    for ours, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_loop_that_does_not_begin():
    model, callback = auto_encoder("compute_loss"), VarianceConstancy()
    callback.set_model(model)
    with pytest.raises(ValueError, match=r"not begun yet.*on_train_begin\(\)"):
        callback.on_train_batch_begin(0)
