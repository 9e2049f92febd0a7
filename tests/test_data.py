"""Data in every form that `fit` takes, for models of one input and of several."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise._data import input_batches, input_shapes

ONE = [(None, 6)]
TWO = [(None, 6), (None, 3)]


def array(count=12, dim=6, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dim)).astype("float32")


A, B, Y = array(), array(dim=3, seed=1), array(dim=1, seed=2)
SAME = array(seed=3)  # a target that could be a batch of inputs


def read(data, inputs=ONE, batch_size=4):
    """What is read, its batches put together again, and how many there were."""
    batches = list(input_batches(data, inputs, batch_size))
    whole = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)
    return whole, len(batches)


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return tuple(cut(part, index) for part in self.arrays)


def cut(part, index, size=4):
    return keras.tree.map_structure(
        lambda x: x[index * size : (index + 1) * size], part
    )


def generator(*arrays):
    return (tuple(cut(part, i) for part in arrays) for i in range(3))


def tf_data(*arrays):
    tf = pytest.importorskip("tensorflow")
    arrays = arrays if len(arrays) > 1 else arrays[0]
    return tf.data.Dataset.from_tensor_slices(arrays).batch(4)


def loader(*arrays):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(*map(torch.as_tensor, arrays))
    return torch.utils.data.DataLoader(data, batch_size=4)


def frame(x, columns=None):
    return pytest.importorskip("pandas").DataFrame(x, columns=columns)


ONE_INPUT = {
    "array": lambda: A,
    "tensor": lambda: keras.ops.convert_to_tensor(A),
    "frame": lambda: frame(A),
    "frame with targets": lambda: (frame(A), frame(Y)[0]),
    "x in a tuple": lambda: (A,),
    "x in a list": lambda: [A],
    "x, y": lambda: (A, Y),
    "x, y of the shape of x": lambda: (A, SAME),
    "x, several y": lambda: (A, [SAME, SAME]),
    "x, y by name": lambda: (A, {"a": SAME, "b": Y}),
    "x, y, w": lambda: (A, SAME, np.ones(12)),
    "x, no y, w": lambda: (A, None, np.ones(12)),
    "x, a list of labels": lambda: (A, [0] * 12),
    "list of batches": lambda: [A[:4], A[4:8], A[8:10], A[10:]],
    "list of equal batches": lambda: [A[:4], A[4:8], A[8:]],
    "list of pairs": lambda: [
        (A[:4], SAME[:4]),
        (A[4:8], SAME[4:8]),
        (A[8:], SAME[8:]),
    ],
    "list of tuples": lambda: [(A[:4],), (A[4:8],), (A[8:],)],
    "PyDataset": lambda: Batches(A),
    "PyDataset of pairs": lambda: Batches(A, SAME),
    "PyDataset, several y": lambda: Batches(A, [SAME, SAME]),
    "generator": lambda: (batch[0] for batch in generator(A)),
    "generator of pairs": lambda: generator(A, SAME),
    "generator of lists": lambda: (list(batch) for batch in generator(A, SAME)),
    "tf.data": lambda: tf_data(A),
    "tf.data of pairs": lambda: tf_data(A, SAME),
    "tf.data, several y": lambda: tf_data(A, (SAME, SAME)),
    "DataLoader": lambda: loader(A),
    "DataLoader of pairs": lambda: loader(A, SAME),
}


@pytest.mark.parametrize("form", ONE_INPUT)
def test_one_input(form):
    whole, count = read(ONE_INPUT[form]())
    whole = whole[0] if isinstance(whole, list) else whole
    np.testing.assert_array_equal(whole, A)
    assert count == (4 if form == "list of batches" else 3)


# The targets look like the inputs: nothing but the number of inputs tells.
SEVERAL_INPUTS = {
    "list": lambda: [A, B],
    "tuple": lambda: (A, B),
    "list, y": lambda: ([A, B], Y),
    "tuple, y": lambda: ((A, B), Y),
    "list, several y, w": lambda: ([A, B], [SAME, B], np.ones(12)),
    "list in a tuple": lambda: ([A, B],),
    "frames": lambda: [frame(A), frame(B)],
    "one batch": lambda: [[A, B]],
    "list of batches": lambda: [[A[:4], B[:4]], [A[4:8], B[4:8]], [A[8:], B[8:]]],
    "list of pairs": lambda: [([A[:4], B[:4]], Y[:4]), ([A[4:], B[4:]], Y[4:])],
    "PyDataset": lambda: Batches([A, B], Y),
    "PyDataset of inputs": lambda: Batches(A, B),
    "generator": lambda: generator((A, B), SAME),
    "generator of inputs": lambda: generator(A, B),
    "tf.data": lambda: tf_data((A, B), SAME),
    "tf.data of inputs": lambda: tf_data(A, B),
    "DataLoader of inputs": lambda: loader(A, B),
}


@pytest.mark.parametrize("form", SEVERAL_INPUTS)
def test_two_inputs(form):
    whole, _ = read(SEVERAL_INPUTS[form](), TWO)
    assert len(whole) == 2
    np.testing.assert_array_equal(whole[0], A)
    np.testing.assert_array_equal(whole[1], B)


@pytest.mark.parametrize("inputs", [ONE, TWO, None])
@pytest.mark.parametrize(
    "data",
    [
        {"a": A, "b": B},
        ({"a": A, "b": B}, Y),
        ({"a": A, "b": B}, {"a": SAME}),
        [({"a": A[:4], "b": B[:4]}, Y[:4]), ({"a": A[4:], "b": B[4:]}, Y[4:])],
        [{"a": A[:4], "b": B[:4]}, {"a": A[4:], "b": B[4:]}],
    ],
    ids=["x", "x, y", "x, y by name", "list of pairs", "list of batches"],
)
def test_inputs_by_name(data, inputs):
    whole, _ = read(data, inputs)
    np.testing.assert_array_equal(whole["a"], A)
    np.testing.assert_array_equal(whole["b"], B)


@pytest.mark.parametrize("data", [A, (A, SAME), ([A, B], Y), [(A, SAME)]], ids=range(4))
def test_a_model_that_does_not_say_what_it_takes_reads_as_fit_does(data):
    whole, _ = read(data, None)
    whole = whole[0] if isinstance(whole, list) else whole
    np.testing.assert_array_equal(whole, A)


ERRORS = {
    "x and y, or two batches": ([A, SAME], ONE, r"not in one way only.*Accepted"),
    "x, y, w in a list": ([A[:, :1], Y, Y], [(None, 1)], r"not in one way only"),
    "a list for nobody": ([A, B], ONE, r"takes 1 input\(s\), of shape \(None, 6\)"),
    "a list for somebody": (
        [A, SAME],
        None,
        r"not in one way only.*\[\(x1,\), \(x2,\)\]",
    ),
    "three inputs for two": ((A, B, Y), TWO, r"takes 2 input\(s\)"),
    "one input for two": (A, TWO, r"takes 2 input\(s\)"),
    "another size": (B, ONE, r"ndarray of shape \(12, 3\).*\(None, 6\)"),
    "one sample": (A[0], ONE, r"not batched.*\.batch\(32\)"),
    "numbers": ([[1.0, 2.0]], ONE, r"Received: \(1.0, 2.0\)"),
    "text": ("x", ONE, r"Received: 'x'.*Accepted"),
    "nothing": (None, ONE, r"Received: None.*Accepted"),
    "other numbers of samples": ((A, Y[:5]), ONE, r"as many samples.*\(5, 1\)"),
    "inputs of other lengths": ([A, B[:5]], TWO, r"as many samples.*\(5, 3\)"),
    "an empty list": ([], ONE, "holds no batch"),
    "an empty array": (A[:0], ONE, "holds no batch"),
    "a used generator": (iter(()), ONE, "holds no batch.*can be used only once"),
    "unbatched": (iter(A), ONE, r"not batched.*\.batch\(32\)"),
    "scalars": (iter(np.ones(3)), None, r"not batched"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read(name):
    data, inputs, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        list(input_batches(data, inputs))


def test_a_dataset_that_is_not_batched():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((A, Y))
    with pytest.raises(ValueError, match=r"not batched: call \.batch\(32\)"):
        read(data)


def test_data_without_an_end():
    class Endless(Batches):
        num_batches = None

    with pytest.raises(ValueError, match=r"no end: its `num_batches` is None"):
        read(Endless(A))
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(A).batch(4).repeat()
    with pytest.raises(ValueError, match=r"no end.*take\(100\)"):
        read(data)


def test_the_order_of_the_samples_is_kept():
    for data in (A, (A, Y), Batches(A), generator(A), tf_data(A), loader(A)):
        np.testing.assert_array_equal(read(data, batch_size=5)[0], A)


def test_nested_inputs():
    whole, _ = read([[A, B], [B, A]], [*TWO, *TWO[::-1]])
    np.testing.assert_array_equal(whole[1][1], A)


def test_shapes_of_the_inputs():
    a, b = keras.Input((6,)), keras.Input((None, 3))
    model = keras.Model({"a": a, "b": b}, layers.Dense(1)(a))
    assert input_shapes(model) == [(None, 6), (None, None, 3)]
    sequential = keras.Sequential([layers.Dense(1)])
    assert input_shapes(sequential) is None
    sequential(A)
    assert [shape[1:] for shape in input_shapes(sequential)] == [(6,)]


def test_one_feature_may_be_without_its_axis():
    shapes = [(None, 1)]  # Keras adds the axis
    np.testing.assert_array_equal(read(A[:, 0], shapes)[0], A[:, 0])
    np.testing.assert_array_equal(read((A[:, 0], Y), shapes)[0], A[:, 0])
