"""Data that a user's function returns: forms, parts, several inputs and outputs."""

import keras
import numpy as np
import pytest

pytest.importorskip("sklearn")

from keras_regnoise.datasets import fold
from keras_regnoise.datasets.user import from_function
from tests.helpers import to_numpy

X = np.arange(800.0).reshape(100, 8)
Y = np.arange(100) % 2
V = np.full((20, 8), 7.0), np.ones(20, int)
T = np.full((10, 8), 9.0), np.zeros(10, int)


def load(*result, **sizes):
    result = result[0] if len(result) == 1 else result
    return from_function(lambda: result, "mine", **sizes)


def test_one_pair_is_split_class_by_class():
    data = load(X, Y)
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}
    for part in (data.train, data.validation, data.test):
        assert np.bincount(part.y).tolist() == [len(part.y) // 2] * 2
    assert (data.shape, data.classes) == ((8,), 2)


def test_the_second_pair_is_for_validation():
    data = load((X, Y), V)
    assert data.sizes == {"train": 80, "validation": 20, "test": 20}
    assert (data.validation.x == 7).all()
    assert not (data.test.x == 7).all(1).any()
    assert {row.tobytes() for row in data.test.x} < {
        row.tobytes() for row in X.astype("float32")
    }


def test_the_third_pair_is_for_the_test():
    data = load((X, Y), V, T)
    assert data.sizes == {"train": 100, "validation": 20, "test": 10}
    assert (data.validation.x == 7).all()
    assert (data.test.x == 9).all()


@pytest.mark.parametrize(
    "x",
    [
        {"a": X[:, :3], "b": X[:, 3:]},
        [X[:, :3], X[:, 3:]],
        (X[:, :3], X[:, 3:]),
    ],
    ids=["dict", "list", "tuple"],
)
def test_several_inputs(x):
    data = load(x, Y)
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}
    shapes = list(data.shape.values()) if isinstance(x, dict) else data.shape
    assert shapes == [(3,), (5,)]
    inputs, classes = next(iter(data.batches("train", 10, seed=1)))
    a, b = inputs.values() if isinstance(inputs, dict) else inputs
    # The inputs of an example stay together, with its class.
    rows = np.concatenate([a, b], 1)
    assert (rows[:, 0] % 8 == 0).all()
    assert ((rows[:, 0] / 8) % 2 == classes).all()
    np.testing.assert_array_equal(rows - rows[:, :1], np.arange(8.0) + 0 * rows)


def test_fingerprints_of_several_inputs():
    ab = {"a": X[:, :4], "b": X[:, 4:]}
    others = [X, {"b": X[:, :4], "a": X[:, 4:]}, {"a": X[:, :4], "c": X[:, 4:]}]
    prints = {load(x, Y).fingerprint for x in (ab, *others)}
    assert len(prints) == 4
    assert load(dict(reversed(ab.items())), Y).fingerprint == load(ab, Y).fingerprint


@pytest.mark.parametrize("names", [("a", "b"), None], ids=["dict", "list"])
def test_a_model_of_several_inputs_and_outputs_trains(names):
    x, y = [X[:, :4] / 800, X[:, 4:] / 800], [Y, X[:, 0] / 800]
    inputs = [keras.Input((4,), name=name) for name in ("a", "b")]
    joined = keras.layers.Concatenate()(inputs)
    outputs = [
        keras.layers.Dense(2, "softmax", name="c")(joined),
        keras.layers.Dense(1, name="d")(joined),
    ]
    losses = ["sparse_categorical_crossentropy", "mse"]
    if names:
        x, y = dict(zip("ab", x, strict=True)), dict(zip("cd", y, strict=True))
        outputs = dict(zip("cd", outputs, strict=True))
        losses = dict(zip("cd", losses, strict=True))
    data = load(x, y)
    assert data.classes == 1
    model = keras.Model(inputs, outputs)
    model.compile("adam", losses)
    batches = data.batches("train", 10, seed=0)
    validation = data.batches("validation", 10)
    history = model.fit(batches, validation_data=validation, epochs=2, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    everything = next(iter(data.batches("test", 20)))
    loss = model.evaluate(data.batches("test", 20), verbose=0, return_dict=True)["loss"]
    again = model.evaluate(*everything, verbose=0, batch_size=20, return_dict=True)
    assert loss == pytest.approx(again["loss"], rel=1e-5)


def test_integers_stay_integers_and_bytes_are_not_scaled():
    tokens = np.arange(100)[:, None] + 2**24 + 1
    data = load({"tokens": tokens, "bytes": X.astype("uint8") // 4}, Y)
    inputs = next(iter(data.batches("train", 72)))[0]
    assert inputs["tokens"].dtype == np.int64
    assert set(inputs["tokens"][:, 0]) == set(data.train.x["tokens"][:, 0])
    assert inputs["bytes"].max() == (data.train.x["bytes"]).max() > 1


def test_numbers_are_split_at_random():
    data = load(X, X[:, 0] / 3)
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}
    assert data.train.y.dtype == np.float32
    # Of integers that don't repeat, too: ages, prices.
    assert load(X, np.arange(100)).sizes == data.sizes
    assert load(X, np.arange(100) - 50).classes == 1


def test_parts_are_cut_to_size():
    data = load(X, Y, examples=20, test_examples=6, validation_examples=4)
    assert data.sizes == {"train": 20, "validation": 4, "test": 6}
    assert np.bincount(data.train.y).tolist() == [10, 10]
    numbers = load(X, X[:, 0], examples=20, test_examples=6)
    assert numbers.sizes == {"train": 20, "validation": 8, "test": 6}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, r"must return \(x, y\); or .* Received: NoneType"),
        (X, "Received: ndarray"),
        ((), "Received: tuple of 0"),
        ((X,), "Received: tuple of 1"),
        ((X, Y, Y), "sample weights are not supported"),
        (((X, Y, Y), V), "sample weights are not supported"),
        (((X, Y), V, T, T), "Received: tuple of 4"),
        ([[X, Y], [X, Y]], "lists of lists, which may be either"),
        ((X, Y[:50]), r"as many inputs as targets.*\(100, 8\), \(50,\)"),
        (([X, X[:50]], Y), r"\(100, 8\), \(50, 8\), \(100,\)"),
        ((np.array(["a"] * 100), Y), "Received: ndarray of dtype <U1"),
        ((np.array([[1], [1, 2]], object), Y[:2]), "dtype object"),
        ((3.0, Y), "Received: float of dtype float64"),
        (((X, Y), (X[:, :3], Y)), "validation split must have the shapes"),
        (((X, Y), ({"a": X}, Y)), "validation split must have the shapes"),
        ((X[:5], Y[:5]), "at least 10 examples. Received: 5"),
    ],
)
def test_other_forms_are_refused(result, message):
    with pytest.raises(ValueError, match=message):
        from_function(lambda: result, "mine")


def test_tensors_and_tables():
    data = load(keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Y))
    assert data.sizes["train"] == 72
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdefgh"))
    again = load(frame, pandas.Series(Y))
    assert again.fingerprint == load(X, Y).fingerprint
    assert to_numpy(data.train.x).shape == (72, 8)


def test_augmentation_needs_images():
    x = np.zeros((40, 5, 5, 3))
    with pytest.raises(ValueError, match="needs images"):
        load([x, x, x], np.arange(40) % 2).batches(
            "train", 4, seed=0, augmentation=["flip"]
        )


def test_a_column_of_integers_stays_one():
    """A loss of the user's own would broadcast targets of another rank."""
    data = load(X, Y[:, None])
    assert data.train.y.shape == (72, 1)
    assert np.bincount(data.test.y[:, 0]).tolist() == [10, 10]  # class by class
    assert data.classes == 2
    part = fold(data, 4, 0).validation
    assert part.y.shape == (20, 1)
    assert np.bincount(part.y[:, 0]).tolist() == [10, 10]


def test_large_integers_are_no_table_of_their_size():
    data = load(X, 10**12 * (1 + np.arange(100) % 50))
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}


def test_a_class_of_one_leaves_the_others_divided():
    y = np.repeat([0, 1, 2], [66, 33, 1])
    assert np.bincount(load(X, y).test.y, minlength=3).tolist()[:2] == [13, 7]


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([(X[:4], Y[:4], Y[:4])] * 3, "without sample weights.*tuples of 3"),
        ([(X[:4],)] * 3, "tuples of 1"),
        ([X[:2]] * 3, "Received: ndarray"),
        ([(X[:4], Y[:4]), (X[:4, :5], Y[:4])], "pad them alike"),
    ],
)
def test_batches_of_other_forms(batches, message):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, number):
            return batches[number]

    with pytest.raises(ValueError, match=message):
        load(Batches())


def test_sample_weights_of_none_are_none():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, number):
            part = slice(20 * number, 20 * number + 20)
            return X[part], Y[part], None

    assert load(Batches()).sizes == {"train": 72, "validation": 8, "test": 20}
