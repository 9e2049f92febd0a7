"""What the noise of every layer is, in the logs."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn
from tests.callbacks.own_train_steps import AutoEncoder

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")


def fit(model, epochs=2, callbacks=(), batch_size=4, validation=False):
    model.compile("sgd", "mse")
    logged = [*callbacks, krn.callbacks.LogNoise()]
    options = {"epochs": epochs, "verbose": 0, "shuffle": False, "callbacks": logged}
    options |= {"validation_data": (100 * X, X[:, :1])} if validation else {}
    return model.fit(X, X[:, :1], batch_size, **options).history


def test_every_kind_of_noise_wherever_it_stands():
    inner = keras.Sequential(
        [keras.Input((4,)), krn.CenteredDropout(0.1, name="deep")], name="inner"
    )
    rising = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 0.8)
    weight_noise = krn.WeightNoise(layers.Dense(4), rate=rising, name="weights")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            inner,
            krn.ICLayer(0.2, name="ic"),
            krn.UniformNoise(0.5, name="uniform"),
            weight_noise,
            krn.WeightNoise(layers.Dense(4), stddev=0.3, name="gaussian"),
            layers.GaussianNoise(0.6, name="keras_gaussian"),
            layers.Dense(1),
        ]
    )
    history = fit(model)
    found = {key: values for key, values in history.items() if "/" in key}
    noise = next(key for key in found if key.startswith("rate/ic/"))
    assert found == {
        "rate/inner/deep": [0.1, 0.1],
        noise: [0.2, 0.2],
        "scale/uniform": [0.5, 0.5],
        "rate/weights": pytest.approx([0.4, 0.8]),
        "stddev/gaussian": [0.3, 0.3],
        "stddev/keras_gaussian": [0.6, 0.6],
    }


def test_a_rate_that_was_changed():
    class Falling(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            krn.placement.set_rate(self.model, 0.4 / (epoch + 1))

    model = keras.Sequential(
        [keras.Input((4,)), krn.RotationOut(0.1, name="rotation"), layers.Dense(1)]
    )
    assert fit(model, callbacks=[Falling()])["rate/rotation"] == [0.4, 0.2]


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """No noise up to step 4, then more by the step."""

    def __call__(self, step):
        return 0.1 * keras.ops.maximum(keras.ops.cast(step - 4, "float32"), 0.0)

    def get_config(self):
        return {}


def test_a_schedule_of_the_users_own():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            krn.RotationOut(WarmUp(), name="rotation"),
            krn.ICLayer(WarmUp(), name="ic"),
            krn.UniformNoise(WarmUp(), name="uniform"),
            krn.WeightNoise(layers.Dense(4), stddev=WarmUp(), name="weights"),
            krn.DropConnect(layers.Dense(1), WarmUp(), name="connections"),
        ]
    )
    history = fit(model, epochs=3, batch_size=8)  # two steps an epoch
    logged = [values for key, values in history.items() if "/" in key]
    assert logged == [pytest.approx([0.0, 0.0, 0.2])] * 5


def test_a_layer_in_two_places_is_logged_once():
    noise = layers.Dropout(0.3, name="noise")
    inputs = keras.Input((4,))
    inner = keras.Model(inputs, noise(inputs), name="inner")
    model = keras.Model(inputs, layers.Dense(1)(noise(inner(inputs))))
    rates = [key for key in fit(model, epochs=1) if key.startswith("rate/")]
    assert len(rates) == 1


def test_a_model_without_noise():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    assert set(fit(model)) == {"loss"}


def with_losses():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.Sequential([krn.VarianceConstancy(0.1, name="deep")], name="inner"),
            layers.Dense(
                3,
                activity_regularizer=krn.regularizers.VarianceConstancy(0.2),
                name="regularized",
            ),
            layers.Activation("relu", name="relu"),
            layers.Dense(1),
        ]
    )


LOSSES = {"variance_constancy/inner/deep", "variance_constancy/regularized"}


def test_the_losses_of_layers_and_regularizers():
    """One step an epoch, so each value is that of the weights before it.

    The loss of the validation, of which the regularizer has one too, is not in it.
    """
    model = with_losses()
    before = model.get_weights()
    history = fit(model, validation=True, batch_size=16)
    assert set(history) >= LOSSES
    unweighted = krn.ops.variance_constancy_loss
    outputs = keras.Model(model.inputs, model.layers[1].output)
    first = [0.1 * float(unweighted(X, 1.0, 2)), 0.0]
    model.set_weights(before)
    first[1] = 0.2 * float(unweighted(outputs.predict(X, verbose=0), 1.0, 2))
    logged = [history[name][0] for name in sorted(LOSSES)]
    assert logged == pytest.approx(first, rel=1e-4)
    # The rest of the loss is that of the outputs.
    error = np.mean((model.predict(X, verbose=0)[:, 0] - X[:, 0]) ** 2)
    assert history["loss"][0] - sum(logged) == pytest.approx(error, rel=1e-4)


def test_the_model_is_as_it_was_afterwards():
    model = with_losses()
    fit(model)
    assert "train_step" not in vars(model)
    assert not any("add_loss" in vars(x) for x in model._flatten_layers())
    history = model.fit(X, X[:, :1], verbose=0).history
    assert set(history) == {"loss"}


def test_after_a_fit_that_raised(tmp_path):
    class Raises(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = with_losses()
    with pytest.raises(KeyboardInterrupt):
        fit(model, callbacks=[Raises()])
    assert np.isfinite(model.evaluate(X, X[:, :1], verbose=0))
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").layers[1].losses == []
    assert np.isfinite(model.fit(X, X[:, :1], verbose=0).history["loss"][0])
    assert set(fit(model)) >= LOSSES
    assert "train_step" not in vars(model)


@pytest.mark.parametrize("first", [True, False])
def test_beside_the_callback_that_adds_the_loss(first):
    model = with_losses()
    model.compile("sgd", "mse")
    callbacks = [krn.callbacks.LogNoise(), krn.callbacks.VarianceConstancy(0.3)]
    callbacks = callbacks if first else callbacks[::-1]
    options = {"epochs": 2, "verbose": 0, "callbacks": callbacks}
    history = model.fit(X, X[:, :1], **options).history
    assert {*LOSSES, "variance_constancy/relu"} <= set(history)
    assert all(np.isfinite(history[name]).all() for name in LOSSES)
    assert min(history["variance_constancy/regularized"]) > 0
    assert set(model.fit(X, X[:, :1], verbose=0).history) == {"loss"}


def test_a_train_step_that_leaves_the_losses_out():
    model = AutoEncoder("ignores")
    model.encoder.activity_regularizer = krn.regularizers.VarianceConstancy()
    model.compile("sgd")
    x = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
    history = model.fit(x, x, verbose=0, callbacks=[krn.callbacks.LogNoise()]).history
    assert set(history) == {"loss"}
    model = AutoEncoder("adds")
    model.encoder.activity_regularizer = krn.regularizers.VarianceConstancy()
    model.compile("sgd")
    history = model.fit(x, x, verbose=0, callbacks=[krn.callbacks.LogNoise()]).history
    assert set(history) == {"loss", "variance_constancy/hidden"}
