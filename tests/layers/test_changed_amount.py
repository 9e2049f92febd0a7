"""An amount of noise that is changed later holds in steps that are compiled already."""

import gc

import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from tests.helpers import to_numpy
from tests.layers.cases import ONE_OF_EACH_KIND, SEED_CASES, parametrize

NAMES = {"rate", "scale", "stddev"}
CHANGEABLE = [case for case in SEED_CASES if NAMES & {*case.options}]


def amount_of(case):
    return next(name for name in ("rate", "scale", "stddev") if name in case.options)


class Trained:
    """A model whose training loss is the power of the noise, and nothing learns."""

    def __init__(self, case, amount, **compiled):
        self.layer = case.make(**{amount_of(case): amount}, seed=1)
        self.name = amount_of(case)
        before = keras.layers.Dense(case.shape[-1], kernel_initializer="identity")
        self.model = keras.Sequential([keras.Input(case.shape), before, self.layer])
        self.model.compile(keras.optimizers.SGD(0.0), "mse", **compiled)
        self.x = case.data(16)
        self.silent = case.make(**{amount_of(case): 0.0})
        self.silent.build((None, *case.shape))
        self.silent.set_weights(self.layer.get_weights())
        self.y = to_numpy(self.silent(self.x, training=True))

    def set(self, amount):
        setattr(self.layer, self.name, amount)

    def noise(self, callbacks=()):
        history = self.model.fit(
            self.x, self.y, epochs=4, batch_size=16, verbose=0, callbacks=[*callbacks]
        )
        return float(np.mean(history.history["loss"]))


def test_setting_the_same_rate_mends_a_variable_that_was_set_back():
    """As `set_state_tree`, or an assignment of all variables, sets it back."""
    layer = krn.RotationOut(0.1)
    layer.rate = 0.5
    layer.amounts[0].variable.assign(0.1)
    layer.rate = float("0.5")  # TensorFlow's layers overlook the same object
    assert float(to_numpy(layer.amounts[0].variable)) == 0.5


@parametrize(pytest, CHANGEABLE, ONE_OF_EACH_KIND)
def test_a_change_holds_in_compiled_steps(case):
    trained = Trained(case, 0.1)
    small = trained.noise()
    trained.set(0.6)
    large = trained.noise()
    trained.set(0.0)
    none = trained.noise()
    trained.set(0.6)
    again = trained.noise()
    assert 0.0 < 2 * small < large
    assert none < 1e-9
    assert 0.5 * large < again < 2 * large


@parametrize(pytest, CHANGEABLE, ONE_OF_EACH_KIND)
def test_a_change_from_zero_and_to_a_schedule(case):
    trained = Trained(case, 0.0)
    assert trained.noise() < 1e-9
    trained.set(0.5)
    assert trained.noise() > 1e-5
    trained.set(keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 0.0]))
    assert trained.noise() < 1e-9
    trained.set(keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.5]))
    assert trained.noise() > 1e-5
    trained.set(0.0)
    assert trained.noise() < 1e-9


class Late(keras.optimizers.schedules.LearningRateSchedule):
    """Noise from step 5 on; and the types of the steps that it was given."""

    def __init__(self):
        self.types = set()

    def __call__(self, step):
        self.types.add(keras.backend.standardize_dtype(step.dtype))
        return 0.5 * ops.clip(ops.cast(step - 4, "float32"), 0.0, 1.0)

    def get_config(self):
        return {}


@parametrize(pytest, CHANGEABLE, (*ONE_OF_EACH_KIND, "drop_connect_conv_gaussian"))
def test_a_schedule_counts_in_the_integers_of_optimizers(case):
    """Those of JAX's random state have no sign: 0 - 4 would be 4294967292."""
    late = Late()
    trained = Trained(case, late)
    # At inference too, where a layer depends on its rate.
    trained.silent.set_weights(trained.layer.get_weights())
    y, expected = trained.layer(trained.x), trained.silent(trained.x)
    np.testing.assert_allclose(to_numpy(y), to_numpy(expected), atol=1e-5)
    assert trained.noise() < 1e-9
    assert trained.noise() > 1e-5
    assert late.types == {trained.model.optimizer.iterations.dtype}


@parametrize(pytest, [case for case in CHANGEABLE if case.name.startswith("rot")])
def test_a_change_holds_where_the_collector_leaves_the_model_alone(case):
    trained = Trained(case, 0.0)
    trained.noise()
    gc.freeze()  # as servers do before they fork, and workers of a study
    try:
        trained.set(0.5)
        assert trained.noise() > 1e-5
    finally:
        gc.unfreeze()


@parametrize(pytest, [case for case in CHANGEABLE if case.name.startswith("rot")])
def test_a_callback_changes_it_by_the_epoch(case):
    trained, seen = Trained(case, 0.0), []
    change = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs=None: trained.set(
            (0.0, 0.5, 0.0, 0.5)[epoch]
        ),
        on_epoch_end=lambda epoch, logs=None: seen.append(logs["loss"]),
    )
    trained.noise([change])
    assert max(seen[0], seen[2]) < 1e-9 < 1e-5 < min(seen[1], seen[3])


def test_a_model_of_its_own_train_step_follows():
    class Twice(keras.Model):
        def __init__(self, part):
            super().__init__()
            self.part = part

        def call(self, x, training=False):
            return self.part(self.part(x, training=training), training=training)

    layer = krn.RotationOut(0.0)
    dense = keras.layers.Dense(6, kernel_initializer="identity")
    model = Twice(keras.Sequential([keras.Input((6,)), dense, layer]))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.random.default_rng(0).normal(size=(16, 6)).astype("float32")
    assert model.train_on_batch(x, x) < 1e-9
    layer.rate = 0.5
    assert model.train_on_batch(x, x) > 1e-3


def test_predictions_of_drop_activation_follow():
    layer = krn.DropActivation("relu", 0.25)
    model = keras.Sequential([keras.Input((1,)), layer])
    x = np.array([[-4.0]], "float32")
    assert model.predict(x, verbose=0) == -1.0
    layer.rate = 0.5
    assert model.predict(x, verbose=0) == -2.0


@parametrize(pytest, CHANGEABLE)
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", None, True])
def test_a_bad_value_is_refused_and_nothing_changes(case, value):
    layer = case.make()
    with pytest.raises(ValueError, match=r"Received: \w+="):
        setattr(layer, amount_of(case), value)
    assert getattr(layer, amount_of(case)) == case.options[amount_of(case)]


@parametrize(pytest, CHANGEABLE)
def test_the_config_and_the_files_are_as_if_it_had_been_made_so(case, tmp_path):
    layer, name = case.make(), amount_of(case)
    weights = len(layer.weights)
    setattr(layer, name, np.float32(0.5))
    assert layer.get_config()[name] == getattr(layer, name) == 0.5
    assert len(layer.weights) == weights
    copy = type(layer).from_config(layer.get_config())
    assert getattr(copy, name) == 0.5
    x = case.data()
    model = keras.Sequential([keras.Input(case.shape), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert getattr(loaded.layers[0], name) == 0.5
    assert (
        to_numpy(loaded(x, training=True)) == to_numpy(model(x, training=True))
    ).all()


def test_a_wrapper_has_one_kind_of_noise():
    layer = krn.WeightNoise(keras.layers.Dense(2), stddev=0.1)
    with pytest.raises(ValueError, match=r"is gaussian and has no `rate`"):
        layer.rate = 0.1
    layer = krn.ICLayer(noise=keras.layers.Dropout(0.1))
    assert layer.rate == 0.1
    with pytest.raises(ValueError, match=r"can't be changed: Dropout.*rate=0.2"):
        layer.rate = 0.2
    layer = krn.ICLayer(noise=krn.DropPath(0.1))
    layer.rate = 0.2
    assert layer.rate == layer.noise.rate == 0.2


def test_between_batches_on_jax():
    if keras.config.backend() != "jax":
        pytest.skip("elsewhere it works")
    case = next(case for case in CHANGEABLE if case.name == "rotation")
    trained = Trained(case, 0.1)
    late = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs=None: trained.set(0.5)
    )
    with pytest.raises(RuntimeError, match="on_epoch_begin"):
        trained.noise([late])
