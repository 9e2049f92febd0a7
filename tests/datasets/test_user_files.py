"""Files of a user's own data, and data that come in batches."""

import keras
import numpy as np
import pytest

pytest.importorskip("sklearn")

from keras_regnoise.datasets import fold
from keras_regnoise.datasets.user import from_file, from_function

X = np.arange(800.0).reshape(100, 8)
Y = np.arange(100) % 2
PRICE = 10 * np.arange(100) + 3  # whole numbers, each once: no classes


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "data.npz", **arrays)
    return str(tmp_path / "data.npz")


def test_arrays_are_left_as_they_are(tmp_path):
    data = from_file(npz(tmp_path, x=X, y=PRICE))
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}
    assert np.array_equal(10 * data.train.x[:, 0] / 8 + 3, data.train.y)
    assert (data.name, data.classes) == ("data", PRICE.max() + 1)


def test_parts_of_an_npz_file(tmp_path):
    parts = {"x_train": X, "y_train": Y, "x_val": X[:20], "y_val": Y[:20]}
    data = from_file(npz(tmp_path, **parts, x_test=X[:10], y_test=Y[:10]))
    assert data.sizes == {"train": 100, "validation": 20, "test": 10}
    data = from_file(npz(tmp_path, x=X, y=Y, x_test=X[:10], y_test=Y[:10]))
    assert data.sizes == {"train": 90, "validation": 10, "test": 10}


def test_several_inputs_of_an_npz_file(tmp_path):
    file = npz(tmp_path, **{"x/left": X[:, :3], "x/right": X[:, 3:], "y": Y})
    assert from_file(file).shape == {"left": (3,), "right": (5,)}


def test_an_npz_file_without_targets(tmp_path):
    with pytest.raises(ValueError, match="x without y"):
        from_file(npz(tmp_path, x=X))
    with pytest.raises(ValueError, match=r"x and y.* Received: a"):
        from_file(npz(tmp_path, a=X))


def table(tmp_path, targets):
    file = tmp_path / "table.csv"
    rows = [f"{n % 7},{'red' if n % 3 else 'blue'},{y}" for n, y in enumerate(targets)]
    file.write_text("size,colour,price\n" + "\n".join(rows))
    return str(file)


def test_a_table_of_numbers_to_predict(tmp_path):
    data = from_file(table(tmp_path, PRICE), target="price")
    everything = [*data.train.y, *data.validation.y, *data.test.y]
    assert sorted(everything) == PRICE.tolist()
    assert data.shape == (3,)  # size, and a column for each colour
    assert abs(data.train.x[:, 0].mean()) < 0.2  # standardized


def test_a_table_of_words_to_predict(tmp_path):
    words = ["no" if n % 2 else "yes" for n in range(100)]
    data = from_file(table(tmp_path, words), target="price")
    assert set(data.train.y) == {0, 1}
    assert np.bincount(data.test.y).tolist() == [10, 10]
    with pytest.raises(ValueError, match="one column 'cost'"):
        from_file(table(tmp_path, words), target="cost")


class Batches(keras.utils.PyDataset):
    num_batches = 5

    def __getitem__(self, number):
        part = slice(20 * number, 20 * number + 20)
        return X[part], Y[part]


def test_a_pydataset_is_gathered():
    data = from_function(lambda: Batches(), "mine")
    assert data.sizes == {"train": 72, "validation": 8, "test": 20}
    data = from_function(lambda: (Batches(), Batches(), (X[:7], Y[:7])), "mine")
    assert data.sizes == {"train": 100, "validation": 100, "test": 7}


@pytest.mark.parametrize("batched", [True, False])
def test_a_tf_dataset_is_gathered(batched):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, PRICE.astype("float32")))
    data = data.batch(30) if batched else data
    assert from_function(lambda: data, "mine").sizes["train"] == 72
    with pytest.raises(ValueError, match="never ends"):
        from_function(lambda: data.repeat(), "mine")


def test_each_fold_validates_on_another_part():
    data = from_function(lambda: (X, Y), "mine")
    parts = [fold(data, 4, number) for number in range(4)]
    seen = np.concatenate([part.validation.x[:, 0] for part in parts])
    assert len(set(seen)) == 80
    for part in parts:
        assert part.sizes == {"train": 60, "validation": 20, "test": 20}
        assert np.bincount(part.validation.y).tolist() == [10, 10]
        assert part.test is data.test
        assert not set(part.validation.x[:, 0]) & set(part.train.x[:, 0])
    assert np.array_equal(fold(data, 4, 6).validation.x, parts[2].validation.x)


@pytest.mark.parametrize("word", ["NA", "NaN", "null", ""])
def test_what_is_missing_leaves_a_column_of_numbers(word, tmp_path):
    file = tmp_path / "table.csv"
    rows = [f"{word if n % 10 == 3 else n},{n % 2}" for n in range(100)]
    file.write_text("size,label\n" + "\n".join(rows))
    data = from_file(str(file))
    assert data.shape == (1,)
    assert np.isfinite(data.train.x).all()


def test_targets_that_are_missing_or_odd_are_no_classes(tmp_path):
    with pytest.raises(ValueError, match="10 examples have no value"):
        from_file(
            table(tmp_path, ["NA" if n % 10 == 3 else n for n in range(100)]), "price"
        )
    odd = ["cheap" if n % 10 == 3 else n for n in range(100)]
    with pytest.raises(ValueError, match=r"10 of 100 targets are no numbers.*'cheap'"):
        from_file(table(tmp_path, odd), target="price")


def test_a_class_of_one_leaves_the_others_divided(tmp_path):
    data = from_file(table(tmp_path, np.repeat([0, 1, 2], [66, 33, 1])), target="price")
    assert np.bincount(data.test.y, minlength=3).tolist()[:2] == [13, 7]


def test_the_validation_part_of_an_npz_file_is_drawn_class_by_class(tmp_path):
    y = np.repeat([0, 1], [90, 10])
    file = npz(tmp_path, x_train=X, y_train=y, x_test=X[:10], y_test=Y[:10])
    assert np.bincount(from_file(file).validation.y).tolist() == [9, 1]
