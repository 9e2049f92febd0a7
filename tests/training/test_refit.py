import keras
import numpy as np
import pytest

import keras_regnoise as krn
from keras_regnoise.training import refit
from keras_regnoise.training._examples import both
from tests.helpers import to_numpy

BATCH = 4


def data(samples, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]]) + noise * rng.normal(size=(samples, 1))
    return x, y.astype("float32")


TRAIN, VALIDATION = data(20), data(8, seed=1)


def build(optimizer="sgd"):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")]
    )
    model.compile(optimizer, "mse")
    return model


class Counter(keras.callbacks.Callback):
    """Steps of each call of `fit`, and the weights at the start of it."""

    def __init__(self):
        super().__init__()
        self.steps, self.starts = [], []

    def on_train_begin(self, logs=None):
        self.steps.append(0)
        self.starts.append(self.model.get_weights())

    def on_train_batch_end(self, batch, logs=None):
        self.steps[-1] += 1


class Scripted(keras.callbacks.Callback):
    """Stands in for a validation loss that has its minimum where we say."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            logs["val_loss"] = self.values[epoch]


def run(model=build, callbacks=(), **options):
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **options}
    return refit(model, TRAIN, VALIDATION, callbacks=callbacks, **options)


def test_restart_takes_the_steps_of_the_best_epoch():
    counter = Counter()
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    scripted = Scripted([3.0, 2.0, 1.0, 2.0, 2.0, 2.0])
    result = run(callbacks=[counter, scripted], early_stopping=stopping)
    assert result.epochs == 3
    assert result.steps == 3 * 5
    assert counter.steps == [5 * 5, 15]  # 5 batches of 20 samples; 7 of all 28
    assert result.is_complete
    assert result.target_loss is None
    assert (counter.starts[0][0] == counter.starts[1][0]).all()

    # The second run is plain training on all data.
    reference = build()
    x, y = (np.concatenate(pair) for pair in zip(TRAIN, VALIDATION, strict=True))
    order = [*range(0, 28, BATCH)]
    for step in range(15):
        start = order[step % 7]
        reference.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
    np.testing.assert_allclose(
        result.model.get_weights()[0], reference.get_weights()[0], rtol=1e-5
    )


def test_a_given_model_restarts_from_where_it_was_with_its_optimizer():
    model = build(keras.optimizers.Adam(0.1))
    model.fit(*TRAIN, verbose=0)
    before = model.get_weights()
    counter = Counter()
    result = run(model, callbacks=[counter], epochs=3)
    assert result.model is model
    for start in counter.starts:
        assert all((a == b).all() for a, b in zip(start, before, strict=True))
    # One step from the fit above, and those of the second run.
    iterations = int(to_numpy(model.optimizer.iterations.value))
    assert iterations == 1 + result.steps


def test_continue_stops_at_the_training_loss():
    counter = Counter()
    result = run(callbacks=[counter], strategy="continue", epochs=4, max_epochs=50)
    # The weights of the best epoch, the last: validation data that fit ever better.
    assert result.epochs == 4
    kernel, bias = counter.starts[1]
    expected = np.mean((TRAIN[0] @ kernel + bias - TRAIN[1]) ** 2)
    assert result.target_loss == pytest.approx(expected, rel=1e-4)
    losses = result.second.history["val_loss"]
    assert result.is_complete
    assert losses[-1] <= result.target_loss
    assert all(loss > result.target_loss for loss in losses[:-1])


@pytest.mark.parametrize("strategy", ["restart", "continue"])
def test_validation_may_be_rare(strategy):
    options = {"strategy": strategy, "epochs": 4, "max_epochs": 50}
    result = run(validation_freq=2, **options)
    assert result.epochs == 4
    assert len(result.first.history["val_loss"]) == 2
    assert result.is_complete
    if strategy == "continue":
        losses = result.second.history["val_loss"]
        assert len(result.second.epoch) == 2 * len(losses)
        assert losses[-1] <= result.target_loss
        assert all(loss > result.target_loss for loss in losses[:-1])


def test_continue_gives_up():
    # Noise in the validation data only: its loss never comes down to the other.
    noisy = data(8, noise=5.0, seed=1)
    result = refit(
        build, TRAIN, noisy, strategy="continue", epochs=5, max_epochs=3, verbose=0
    )
    assert not result.is_complete
    assert len(result.second.epoch) == 3


def test_sample_weights_and_nested_inputs():
    inputs = [keras.Input((3,), name="a"), keras.Input((3,), name="b")]
    outputs = keras.layers.Dense(1)(keras.layers.Add()(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    x, y = TRAIN
    train = ([x, x], y, np.ones(len(x)))
    x, y = VALIDATION
    result = refit(model, train, ([x, x], y, np.ones(len(x))), epochs=2, verbose=0)
    assert result.is_complete


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index):
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[rows], self.y[rows]


def tf_data(x, y):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)


def tf_data_of_unknown_length(x, y):
    return tf_data(x, y).filter(lambda x, y: True)


def loader(x, y):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.as_tensor(x), torch.as_tensor(y))
    return torch.utils.data.DataLoader(data, batch_size=BATCH)


@pytest.mark.parametrize("strategy", ["restart", "continue"])
@pytest.mark.parametrize(
    "kind",
    [Batches, tf_data, tf_data_of_unknown_length, loader],
    ids=lambda k: k.__name__,
)
def test_data_sets_are_trained_on_as_arrays_are(kind, strategy):
    options = {"strategy": strategy, "epochs": 3, "max_epochs": 3, "verbose": 0}
    options["shuffle"] = False
    expected = refit(build, TRAIN, VALIDATION, batch_size=BATCH, **options)
    found = refit(build, kind(*TRAIN), kind(*VALIDATION), **options)
    assert (found.epochs, found.steps) == (expected.epochs, expected.steps)
    assert len(found.second.epoch) == len(expected.second.epoch)
    for ours, theirs in zip(
        found.model.get_weights(), expected.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


class Redrawn(Batches):
    """Other data in every epoch, drawn at its begin."""

    begun = ended = 0

    def on_epoch_begin(self):
        type(self).begun += 1

    def on_epoch_end(self):
        type(self).ended += 1


def test_a_data_set_hears_of_every_epoch():
    Redrawn.begun = Redrawn.ended = 0
    batches = both(Redrawn(*TRAIN), Redrawn(*VALIDATION), shuffle=False)
    for _ in range(2 * batches["steps_per_epoch"]):
        next(batches["x"])
    assert Redrawn.begun == 4  # two data sets, two epochs
    assert Redrawn.ended == 2  # the second epoch is not asked for what follows it


class Later(keras.callbacks.Callback):
    """Sets a rate in the second epoch, and notes the one that the step reads."""

    def __init__(self, layer, value):
        super().__init__()
        self.layer, self.value, self.seen = layer, value, []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.layer.rate = self.value

    def on_epoch_end(self, epoch, logs=None):
        amount = to_numpy(self.layer.amounts[0].variable)
        self.seen.append((epoch, round(self.layer.rate, 6), round(float(amount), 6)))


@pytest.mark.parametrize(("start", "later"), [(0.1, 0.5), (0.0, 0.3), (0.3, 0.0)])
def test_a_rate_that_a_callback_sets_is_set_again_in_the_second_run(start, later):
    layer = krn.DropPath(start)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = Later(layer, later)
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    scripted = Scripted([3.0, 2.0, 1.0, 2.0, 2.0])
    run(model, callbacks=[callback, scripted], early_stopping=stopping)
    first, second = callback.seen[:5], callback.seen[5:]
    assert first[:3] == [(0, start, start), (1, later, later), (2, later, later)]
    assert second[:2] == first[:2]


def test_every_batch_is_seen_once_an_epoch_in_a_new_order():
    x = np.arange(28.0).reshape(28, 1)
    train, validation = Batches(x[:20], x[:20]), Batches(x[20:], x[20:])
    keras.utils.set_random_seed(0)
    given = both(train, validation)
    assert given["steps_per_epoch"] == 7
    epochs = [[float(next(given["x"])[0][0, 0]) for _ in range(7)] for _ in range(3)]
    assert all(sorted(epoch) == [0, 4, 8, 12, 16, 20, 24] for epoch in epochs)
    # Those of one data set keep their order among themselves, which it has to change.
    assert len({epoch.index(20.0) for epoch in epochs}) > 1


def test_a_frame_is_data_as_an_array_is():
    pandas = pytest.importorskip("pandas")
    frames = [tuple(pandas.DataFrame(part) for part in d) for d in (TRAIN, VALIDATION)]
    options = {"epochs": 2, "verbose": 0, "shuffle": False}
    found = refit(build, *frames, **options).model.get_weights()
    expected = refit(build, TRAIN, VALIDATION, **options).model.get_weights()
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="Keras wants steps_per_execution=1"
)
@pytest.mark.parametrize("per_execution", [1, 3, 10])
@pytest.mark.parametrize("data", ["arrays", "batches"])
def test_steps_are_those_of_the_optimizer(per_execution, data):
    built = []

    def model():
        model = build()
        model.steps_per_execution = per_execution
        built.append(model)
        return model

    # 5 batches in the first run, 7 in the second: both end with a partial block.
    parts = (TRAIN, VALIDATION)
    if data == "batches":
        parts = tuple(Batches(*part) for part in parts)
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    scripted = Scripted([3.0, 1.0, 2.0, 2.0])
    sizes = {"batch_size": BATCH} if data == "arrays" else {}
    result = refit(
        model, *parts, early_stopping=stopping, callbacks=[scripted], verbose=0, **sizes
    )
    assert result.steps == 2 * 5
    assert result.is_complete
    steps = [int(to_numpy(m.optimizer.iterations.value)) for m in built]
    assert steps == [4 * 5, 2 * 5]
    assert result.model.steps_per_execution == per_execution
    result.model.fit(*TRAIN, batch_size=BATCH, verbose=0)  # and it trains on
    assert int(to_numpy(result.model.optimizer.iterations.value)) == 15


def endless():
    return tf_data(*TRAIN).repeat()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (
            lambda: (iter([TRAIN]), VALIDATION),
            {},
            r"every epoch can read anew.*train of",
        ),
        (lambda: (Batches(*TRAIN), iter([VALIDATION])), {}, "read anew.*validation of"),
        (lambda: (endless(), tf_data(*VALIDATION)), {}, r"has no end.*take\(100\)"),
        (lambda: (Batches(*TRAIN), VALIDATION), {}, "one kind.*batches.*2 arrays"),
        (lambda: ((*TRAIN, np.ones(20)), VALIDATION), {}, "one kind.*3 arrays.*2 arr"),
        (
            lambda: (Batches(*TRAIN), Batches(*VALIDATION)),
            {"steps_per_epoch": 2},
            r"steps_per_epoch.*take\(100\)",
        ),
        (lambda: (tf_data(*TRAIN).unbatch(),) * 2, {}, r"not batched: call \.batch"),
    ],
    ids=range(7),
)
def test_data_that_cannot_be_used(data, options, message):
    with pytest.raises(ValueError, match=message):
        refit(build, *data(), epochs=1, verbose=0, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "both"}, "'restart'.*'continue'.*strategy='both'"),
        ({"epochs": 0}, "`epochs` must be an integer.*epochs=0"),
        ({"max_epochs": 1.5}, "`max_epochs` must be an integer.*max_epochs=1.5"),
        (
            {"early_stopping": keras.callbacks.EarlyStopping()},
            "restore_best_weights=True",
        ),
        (
            {
                "early_stopping": keras.callbacks.EarlyStopping(
                    start_from_epoch=50, restore_best_weights=True
                ),
                "epochs": 1,
            },
            "never had a value to compare.*monitor='val_loss'",
        ),
        ({"model": keras.Sequential([keras.layers.Dense(1)])}, "compiled and built"),
        ({"validation_split": 0.5}, "`refit` sets `validation_split` itself.*=0.5"),
        ({"initial_epoch": 3}, "`refit` sets `initial_epoch` itself"),
        ({"callbacks": [Scripted([np.nan] * 2)], "epochs": 2}, "never had.*best=nan"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_sample_weights_of_none_are_none():
    options = {"epochs": 2, "batch_size": BATCH, "shuffle": False, "verbose": 0}
    found = refit(build, (*TRAIN, None), (*VALIDATION, None), **options)
    assert found.is_complete
    expected = refit(build, TRAIN, VALIDATION, **options)
    assert found.second.history["loss"] == expected.second.history["loss"]


@pytest.mark.parametrize("strategy", ["restart", "continue"])
def test_batches_of_inputs_alone(strategy):
    """As an autoencoder takes them, whose loss is its own."""
    tf = pytest.importorskip("tensorflow")

    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.back = keras.layers.Dense(3)

        def call(self, inputs):
            return self.back(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, *rest, **more):
            return keras.ops.mean(keras.ops.square(x - y_pred))

    def start():
        model = Encoder()
        model.compile("sgd")
        return model

    parts = (
        tf.data.Dataset.from_tensor_slices(p[0]).batch(4) for p in (TRAIN, VALIDATION)
    )
    found = refit(start, *parts, strategy=strategy, epochs=2, verbose=0)
    assert len(found.second.epoch) >= 1
