"""What is found out about a network before it trains, and of what its training gave."""

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets.user import from_function
from keras_regnoise.studies import Arm, Recipe, Study, StudyModel
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.model import checked_metrics, checked_model
from tests.helpers import to_numpy

X = np.random.default_rng(0).normal(size=(100, 6)).astype("float32")
Y = np.arange(100) % 3
RECIPE = Recipe(epochs=1, batch_size=8, seeds=(0,))
STUDY = Study(
    name="mine",
    title="title",
    model=StudyModel,
    data="digits",
    arms=(Arm("none"),),
    baseline="none",
    metric="test_accuracy",
    objective="val_accuracy",
    recipes={"smoke": RECIPE},
)


def study_model(x=X, y=Y, recipe=RECIPE, kind=StudyModel):
    return kind(recipe, from_function(lambda: (x, y), "mine"))


def classifier(units=3, shape=(6,), loss="sparse_categorical_crossentropy", **options):
    model = keras.Sequential(
        [keras.Input(shape, **options), keras.layers.Dense(units, "softmax")]
    )
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def two_inputs():
    inputs = [keras.Input((3,), name=name) for name in "ab"]
    x = keras.layers.Concatenate()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class OneSize(StudyModel):
    """Evaluates in the batches that it trains in, as `tune` does."""

    @property
    def evaluation_batch_size(self):
        return self.recipe.batch_size


def refused(network, message, *wanted, **options):
    with pytest.raises(InputError, match=message) as error:
        study_model(**options).check(network, wanted)
    assert "\n" not in str(error.value)


def test_what_fits_is_let_through():
    wanted = "test_accuracy", "val_loss", "train_accuracy"
    study_model().check(classifier(), wanted)
    study_model().check(classifier(units=5), wanted)
    halves = {"a": X[:, :3], "b": X[:, 3:], "unused": Y}
    study_model(x=halves).check(two_inputs(), wanted)
    study_model(x=[X[:, :3], X[:, 3:]]).check(two_inputs(), wanted)
    column = classifier(shape=(1,))
    study_model(x=X[:, 0]).check(column, wanted)
    batches = study_model(X[:80].repeat(2, 0), Y[:80].repeat(2, 0), kind=OneSize)
    assert batches.data.sizes == {"train": 115, "validation": 13, "test": 32}


def test_what_does_not_fit_is_told_in_a_line():
    refused(None, "`build` must return a compiled keras.Model. Received: None")
    refused(keras.Sequential(), "not compiled")
    refused(classifier(shape=(7,)), r"takes examples of the shape \(7,\).* \(6,\)")
    refused(classifier(units=2), "has 2 outputs, and mine has 3 classes")
    refused(classifier(), "measures: train_accuracy, .*Did you mean", "val_acuracy")
    refused(classifier(loss="mse"), "can't be evaluated on the data", y=np.c_[Y, Y])
    refused(two_inputs(), "has 2 inputs .a, b., and the data have 1")
    x = {"a": X[:, :3], "c": X[:, 3:]}
    refused(two_inputs(), "the data have no b. Received: a, c", x=x)
    recipe = Recipe(epochs=1, batch_size=80, seeds=(0,))
    refused(classifier(), "at most 72, the examples .* Received: 80", recipe=recipe)


def test_a_model_of_one_batch_size():
    network = classifier(batch_size=8)
    message = "batches of 8 examples only. Received batches of 8 to train and 500"
    refused(network, message)
    # 100 examples: 8 for the validation, 20 for the test.
    refused(network, r"8 \(validation\), 20 \(test\)", kind=OneSize)
    parts = (X[:80], Y[:80]), (X[:16], Y[:16]), (X[:8], Y[:8])
    OneSize(RECIPE, from_function(lambda: parts, "mine")).check(network)


def test_where_fit_is_overridden_only_the_model_is_checked():
    class Own(StudyModel):
        def fit(self, hp, model, fit=None):
            return {}

    study_model(kind=Own).check(classifier(shape=(7,)), ["anything"])
    with pytest.raises(InputError, match="must return a compiled"):
        study_model(kind=Own).check(3)


# Keras can't train a stateful layer on torch: it changes its state in place.
STATEFUL = keras.config.backend() != "torch"


def stateful():
    model = keras.Sequential(
        [
            keras.Input((6,), batch_size=8),
            keras.layers.Reshape((6, 1)),
            keras.layers.LSTM(4, stateful=STATEFUL),
            krn.layers.DropConnect(keras.layers.Dense(4), 0.5, seed=1),
            keras.layers.Dropout(0.5, seed=2),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_the_check_changes_nothing():
    parts = (X[:80], Y[:80]), (X[:16], Y[:16]), (X[:8], Y[:8])
    model = OneSize(RECIPE, from_function(lambda: parts, "mine"))
    hp = hyperparameters(STUDY.cells("smoke")[0])
    results = []
    for check in (False, True):
        keras.utils.set_random_seed(0)
        network = stateful()
        if check:
            before = [to_numpy(v) for v in network.variables]
            model.check(network)
            for old, new in zip(before, network.variables, strict=True):
                np.testing.assert_array_equal(old, to_numpy(new))
        results.append((model.fit(hp, network), network.get_weights()))
    assert results[0][0] == results[1][0]
    for one, other in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_compiled_models():
    network = classifier()
    assert checked_model(network) is network
    for wrong in (None, "model", keras.layers.Dense(1)):
        with pytest.raises(InputError, match=r"mine.py:build must return a compiled"):
            checked_model(wrong, "mine.py:build")


def test_metrics_become_floats():
    tensor = keras.ops.convert_to_tensor(0.5)
    given = {
        "test_accuracy": np.float32(0.25),
        "val_accuracy": 1,
        "a": np.array(3),
        "b": tensor,
        "c": float("nan"),
        "d": np.float64(2.0),
    }
    metrics = checked_metrics(given, STUDY)
    assert {type(value) for value in metrics.values()} == {float}
    assert [metrics[name] for name in ("test_accuracy", "a", "b", "d")] == [
        *(0.25, 3.0, 0.5, 2.0)
    ]


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (None, r"'mine' must return a dict .* Received: None"),
        (0.5, "Received: 0.5"),
        ({"val_accuracy": 1.0}, "metric 'test_accuracy' is not among .*: val_accuracy"),
        ({"test_accuracy": 1.0}, "'val_accuracy' is not among .* Did you mean"),
        ({}, "measures: none"),
        ({"test_accuracy": "0.5"}, "'test_accuracy' .* a number. Received: '0.5'"),
        ({"test_accuracy": None}, "Received: None"),
        ({"test_accuracy": [0.5, 0.5]}, r"Received: \[0\.5, 0\.5\]"),
        ({"test_accuracy": {"a": 1}}, "Received: {'a': 1}"),
    ],
)
def test_metrics_that_are_not(metrics, message):
    with pytest.raises(InputError, match=message) as error:
        checked_metrics(metrics, STUDY)
    assert "\n" not in str(error.value)
