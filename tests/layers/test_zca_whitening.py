import keras
import numpy as np
import pytest

from keras_regnoise import ZCAWhitening
from tests.helpers import assert_close, to_numpy


def correlated(samples=500, dim=4, seed=0):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(samples, dim)) @ rng.normal(size=(dim, dim))
    return (mixed + rng.normal(size=dim)).astype("float32")


def adapted(data, **options):
    layer = ZCAWhitening(**options)
    layer.adapt(data)
    return layer


def test_whitens():
    x = correlated()
    y = to_numpy(adapted(x, regularization=1e-8)(x))
    assert_close(np.cov(y.T, bias=True), np.eye(4), 1e-3)
    np.testing.assert_allclose(y.mean(0), 0.0, atol=1e-4)


def test_regularized_closed_form():
    x = correlated()
    covariance = np.cov(x.T.astype("float64"), bias=True)
    layer = adapted(x, regularization=0.5)
    # The symmetric root: W W (C + 0.5 I) = I, W = W^T and W is positive.
    whitening = to_numpy(layer.whitening.value).astype("float64")
    assert_close(
        whitening @ whitening @ (covariance + 0.5 * np.eye(4)), np.eye(4), 1e-4
    )
    assert_close(whitening, whitening.T)
    assert np.linalg.eigvalsh(whitening).min() > 0
    expected = (x - x.mean(0)) @ whitening
    assert_close(layer(x), expected, 1e-4)


@pytest.mark.parametrize("regularization", [1e-3, 0.1, 10.0])
def test_inverse(regularization):
    x = correlated()
    layer = adapted(x, regularization=regularization)
    assert_close(layer.inverse(layer(x)), x, 1e-4)


def test_images_are_whitened_as_a_whole_or_by_channel():
    x = correlated(600, 8).reshape(600, 2, 2, 2)
    whole = adapted(x, regularization=1e-6)
    y = to_numpy(whole(x))
    assert y.shape == x.shape
    assert_close(np.cov(y.reshape(600, 8).T, bias=True), np.eye(8), 1e-2)
    assert_close(whole.inverse(y), x, 1e-3)
    first = np.moveaxis(x, -1, 1)
    channels = adapted(first, axis=1, regularization=1e-6)
    y = to_numpy(channels(first))
    assert channels.whitening.shape == (2, 2)
    rows = np.moveaxis(y, 1, -1).reshape(-1, 2)
    assert_close(np.cov(rows.T, bias=True), np.eye(2), 1e-3)
    assert_close(channels.inverse(y), first, 1e-4)


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.x[index * 170 : (index + 1) * 170]


def test_batches_give_what_the_array_gives():
    x = correlated() + 100.0  # far from 0: products would cancel
    expected = adapted(x)
    labels = np.zeros(len(x))
    for data in (
        [x[:7], x[7:7], x[7:]],
        iter([x[:300], x[300:]]),
        Batches(x),
        (x, labels),
        [(x[:300], labels[:300]), (x[300:], labels[300:])],
    ):
        layer = adapted(data)
        for ours, theirs in zip(layer.weights, expected.weights, strict=True):
            assert_close(ours.value, to_numpy(theirs.value), 1e-5)


class Endless(Batches):
    __len__ = None

    @property
    def num_batches(self):
        return None


def test_data_without_an_end():
    with pytest.raises(ValueError, match=r"PyDataset has no end.*generator"):
        adapted(Endless(correlated()))
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(correlated()).batch(8).repeat()
    with pytest.raises(ValueError, match=r"Dataset has no end.*take\(100\)"):
        adapted(data)


def test_data_of_other_features():
    layer = adapted(correlated())
    with pytest.raises(ValueError, match=r"built for 4 features.*\(None, 2\)"):
        layer.adapt(correlated()[:, :2])
    with pytest.raises(ValueError, match=r"must know how many features.*\(None,\)"):
        adapted(iter(correlated()))  # not batched


def test_adapting_again_starts_anew():
    layer = adapted(correlated(seed=1))
    layer.adapt(correlated(seed=2))
    expected = adapted(correlated(seed=2))
    assert_close(layer.whitening.value, to_numpy(expected.whitening.value))


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_what_was_learned_is_saved(suffix, tmp_path):
    x, file = correlated(), tmp_path / f"model{suffix}"
    model = keras.Sequential([keras.Input((4,)), ZCAWhitening()])
    model.layers[0].adapt(x)
    if suffix == ".keras":
        model.save(file)
        loaded = keras.saving.load_model(file)
    else:
        model.save_weights(file)
        loaded = keras.Sequential([keras.Input((4,)), ZCAWhitening()])
        loaded.load_weights(file)
    expected = model.predict(x, verbose=0)
    assert (loaded.predict(x, verbose=0) == expected).all()
    assert np.abs(expected - x).max() > 0.1
    assert_close(loaded.layers[0].inverse(expected), x, 1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regularization": 0.0}, "positive float.*regularization=0.0"),
        ({"regularization": "a"}, "positive float.*regularization='a'"),
        ({"axis": 0.5}, "`axis` must be an integer.*None.*axis=0.5"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ZCAWhitening(**options)


def test_bad_data():
    x = correlated()
    with pytest.raises(ValueError, match=r"at least two samples.*Received: 1 samples"):
        adapted(x[:1])
    with pytest.raises(ValueError, match=r"one array of inputs.*of type dict"):
        adapted({"x": x})
    with pytest.raises(ValueError, match=r"cannot be read.*Accepted"):
        adapted([x, x])  # two batches, or inputs and targets
    with pytest.raises(ValueError, match=r"not the batch axis.*axis=0"):
        adapted(x, axis=0)
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN and inf.*1 of \d+ features.* 1$"):
        adapted(x)
