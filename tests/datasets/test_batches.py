import random

import keras
import numpy as np
import pytest

from keras_regnoise.datasets import (
    AUGMENTATIONS,
    Split,
    _epochs,
    _tensors,
    data_set,
)
from keras_regnoise.datasets._autoaugment import POLICY
from keras_regnoise.datasets.data_set import SPLITS, from_splits
from tests.helpers import to_numpy

ALL = [(name,) for name in AUGMENTATIONS] + [("pad_crop", "flip", "cutout")]


def images(count=23, side=12, channels=3):
    """Images whose class stands in their first channel."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, channels))
    y = np.arange(count) % 5
    pixels[..., 0] = 50 * y[:, None, None]
    parts = {part: Split(pixels.astype("uint8"), y) for part in ("train", "test")}
    return from_splits("images", {**parts, "validation": parts["test"]}, 5)


def table(count=24, features=3):
    x = np.random.default_rng(0).normal(size=(count, features)).astype("float32")
    part = Split(x, np.arange(count) % 2)
    return from_splits("table", dict.fromkeys(("train", "validation", "test"), part), 2)


def listed(batches):
    return [(to_numpy(x).copy(), to_numpy(y).tolist()) for x, y in batches]


def equal(some, others):
    return len(some) == len(others) and all(
        (x == u).all() and y == v for (x, y), (u, v) in zip(some, others, strict=True)
    )


@pytest.fixture(params=["tf.data", "layers"])
def pipeline(request, monkeypatch):
    """With TensorFlow and as if there were none."""
    if request.param == "tf.data":
        pytest.importorskip("tensorflow")
    monkeypatch.setattr(_epochs, "has_tensorflow", lambda: request.param == "tf.data")
    return request.param


def test_evaluation_sees_everything_in_order():
    data = images()
    for split in ("train", "validation", "test"):
        batches = listed(data.batches(split, 10))
        assert [len(y) for _, y in batches] == [10, 10, 3]
        assert np.concatenate([y for _, y in batches]).tolist() == data.test.y.tolist()
        x = np.concatenate([x for x, _ in batches])
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, data.test.x / 255.0, atol=1e-7)


def test_training_sees_whole_batches_in_a_new_order_every_epoch():
    data = table()
    batches = data.batches("train", 7, seed=1)
    epochs = [listed(batches) for _ in range(3)]
    for epoch in epochs:
        assert [len(y) for _, y in epoch] == [7, 7, 7]
        rows = {row.tobytes() for x, _ in epoch for row in x}
        assert rows < {row.tobytes() for row in data.train.x}
        assert len(rows) == 21
    assert not equal(epochs[0], epochs[1])
    assert not equal(epochs[1], epochs[2])
    assert not equal(epochs[0], listed(data.batches("train", 7, seed=2)))
    assert [len(y) for _, y in data.batches("test", 7, seed=1)] == [7, 7, 7, 3]


@pytest.mark.parametrize("augmentation", [(), ("pad_crop", "flip")])
def test_an_epoch_follows_from_the_seed_alone(pipeline, augmentation):
    data = images()

    def epochs(count, initial_epoch=0, python_seed=0):
        random.seed(python_seed)
        batches = data.batches(
            "train", 5, seed=3, augmentation=augmentation, initial_epoch=initial_epoch
        )
        return [listed(batches) for _ in range(count)]

    unbroken = epochs(4)
    again = epochs(4, python_seed=1)
    resumed = epochs(2, initial_epoch=2)
    assert all(map(equal, unbroken, again))
    assert all(map(equal, unbroken[2:], resumed))
    assert not equal(unbroken[0], unbroken[1])


def linear_model(weights=None):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")]
    )
    model.compile(
        keras.optimizers.SGD(0.5),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    if weights is not None:
        model.set_weights(weights)
    return model


@pytest.mark.parametrize(("batch_size", "python_seed"), [(5, 0), (5, 1), (12, 0)])
def test_fit_sees_the_batches_in_order_and_goes_on_where_it_stopped(
    batch_size, python_seed
):
    data = table()
    expected = linear_model()
    batches = data.batches("train", batch_size, seed=3)
    halfway = None
    for epoch in range(4):
        halfway = expected.get_weights() if epoch == 2 else halfway
        for x, y in batches:
            expected.train_on_batch(x, y)
    fitted, resumed = linear_model(), linear_model(halfway)
    random.seed(python_seed)  # fit() shuffles with it
    fitted.fit(data.batches("train", batch_size, seed=3), epochs=4, verbose=0)
    later = data.batches("train", batch_size, seed=3, initial_epoch=2)
    resumed.fit(later, initial_epoch=2, epochs=4, verbose=0)
    for weights in (fitted.get_weights(), resumed.get_weights()):
        np.testing.assert_allclose(weights[0], expected.get_weights()[0], rtol=1e-5)


def test_two_models_see_the_same_batches():
    data = images()
    seen = []
    for width in (1, 3):
        batches = data.batches("train", 5, seed=3, augmentation=["flip"])
        serve, served = batches._open, []

        def open_epoch(epoch, serve=serve, served=served):
            for batch in serve(epoch):
                served.append((epoch, to_numpy(batch[0]).tobytes()))
                yield batch

        batches._open = open_epoch
        model = keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(width),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(5, activation="softmax"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(batches, epochs=2, verbose=0)
        seen.append(dict.fromkeys(served))
    assert list(seen[0]) == list(seen[1])
    assert [epoch for epoch, _ in seen[0]] == [0] * 4 + [1] * 4


def test_evaluate_takes_the_batches():
    data, model = table(), linear_model([np.eye(3, 2), np.zeros(2)])
    expected = model.evaluate(data.test.x, data.test.y, verbose=0)
    found = model.evaluate(data.batches("test", 7), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("augmentation", ALL, ids="+".join)
def test_augmented_images(pipeline, augmentation):
    data = images()
    batches = data.batches("train", 11, seed=1, augmentation=augmentation)
    plain = listed(data.batches("train", 11, seed=1))
    first, second = listed(batches), listed(batches)
    for (x, y), (original, labels) in zip(first, plain, strict=True):
        assert x.shape == original.shape
        assert x.dtype == np.float32
        assert 0.0 <= x.min() <= x.max() <= 1.0
        assert y == labels
        # Without tf.data a batch shares its operations, and they may be none.
        assert (x != original).any() or augmentation == ("autoaugment",)
    assert not equal(first, plain)
    assert not equal(first, second)


@pytest.mark.parametrize("augmentation", ["pad_crop", "flip", "cutout"])
def test_labels_stay_with_their_images(pipeline, augmentation):
    batches = images().batches("train", 11, seed=1, augmentation=[augmentation])
    for x, y in batches:
        # The first channel says the class, but for what was added or erased.
        values = np.median(to_numpy(x)[..., 0].reshape(11, -1), axis=1)
        inner = np.sort(to_numpy(x)[..., 0].reshape(11, -1), axis=1)[:, -5]
        found = inner if augmentation == "pad_crop" else values
        assert np.rint(found * 255 / 50).tolist() == to_numpy(y).tolist()


def variants(augmentation, side=12):
    """500 augmentations of one image."""
    pytest.importorskip("tensorflow")
    image = np.random.default_rng(0).integers(1, 256, (1, side, side, 3), "uint8")
    part = Split(np.repeat(image, 500, axis=0), np.arange(500) % 2)
    data = from_splits("one", dict.fromkeys(("train", "validation", "test"), part), 2)
    batches = data.batches("train", 500, seed=0, augmentation=[augmentation])
    ((x, _),) = listed(batches)
    return image[0] / 255.0, x


def test_crops_are_drawn_image_by_image():
    image, x = variants("pad_crop")
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)))
    shifts = {
        padded[i : i + 12, j : j + 12].astype("float32").tobytes(): (i, j)
        for i in range(9)
        for j in range(9)
    }
    padded = np.pad(np.float32(image), ((4, 4), (4, 4), (0, 0)))
    found = [shifts[crop.tobytes()] for crop in np.float32(x)]
    counts = np.bincount([9 * i + j for i, j in found], minlength=81)
    # Chi-square with 80 degrees of freedom: 99.99 % of it is below 138.
    assert ((counts - 500 / 81) ** 2 / (500 / 81)).sum() < 138


def test_crops_of_larger_images_come_from_further_away():
    image, x = variants("pad8_crop")
    padded = np.pad(np.float32(image), ((8, 8), (8, 8), (0, 0)))
    shifts = {
        padded[i : i + 12, j : j + 12].tobytes(): (i, j)
        for i in range(17)
        for j in range(17)
    }
    found = np.array([shifts[crop.tobytes()] for crop in np.float32(x)])
    for axis in (0, 1):
        counts = np.bincount(found[:, axis], minlength=17)
        # Chi-square with 16 degrees of freedom: 99.99 % of it is below 46.
        assert ((counts - 500 / 17) ** 2 / (500 / 17)).sum() < 46


def test_flips_are_fair():
    image, x = variants("flip")
    flipped = np.abs(x - np.float32(image[:, ::-1])).max((1, 2, 3)) < 1e-6
    kept = np.abs(x - np.float32(image)).max((1, 2, 3)) < 1e-6
    assert (flipped ^ kept).all()
    assert abs(flipped.mean() - 0.5) < 4 * 0.5 / np.sqrt(500)


def test_cutout_erases_half_of_both_sides():
    image, x = variants("cutout")
    erased = (np.abs(x - np.float32(image)) > 1e-6).any(-1)
    assert (np.abs(x[erased] - 0.5) < 1e-6).all()
    assert np.isin(erased.any(1).sum(1), [5, 6]).all()  # a gray pixel may hide one
    assert np.isin(erased.any(2).sum(1), [5, 6]).all()
    assert len({mask.tobytes() for mask in erased}) > 20


def test_cutout_erases_a_quarter_of_both_sides():
    image, x = variants("cutout_quarter")
    erased = (np.abs(x - np.float32(image)) > 1e-6).any(-1)
    assert np.isin(erased.any(1).sum(1), [2, 3]).all()
    assert np.isin(erased.any(2).sum(1), [2, 3]).all()


def test_autoaugment_leaves_alone_what_it_should():
    image, x = variants("autoaugment", side=32)
    kept = (np.abs(x - np.float32(image)) < 1e-6).all((1, 2, 3))
    # Sharpness of level 5 is the image itself.
    share = np.mean(
        [
            np.prod([1 - p * ((n, m) != ("Sharpness", 5)) for n, p, m in pair])
            for pair in POLICY
        ]
    )
    assert abs(kept.mean() - share) < 4 * np.sqrt(share * (1 - share) / 500)
    assert len({one.tobytes() for one in x}) > 40


@pytest.mark.tensorflow  # under torch, Keras 3.15 brightens all images in place
def test_randaugment_is_that_of_keras():
    """The operations that are left out are those that Keras computes and drops."""
    batch = np.random.default_rng(0).random((6, 12, 12, 3)).astype("float32")
    ours = AUGMENTATIONS["randaugment"]((12, 12, 3))
    keras_layer = keras.layers.RandAugment(
        (0.0, 1.0), data_format="channels_last", dtype="float32"
    )
    for _ in range(3):
        drawn = ours.get_random_transformation(batch, training=True)
        expected = keras_layer.transform_images(batch, drawn)
        found = ours.transform_images(batch, drawn)
        np.testing.assert_allclose(to_numpy(found), to_numpy(expected), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "dev"}, "`split` must be one of train, validation, test.*'dev'"),
        ({"batch_size": 0}, "`batch_size` must be an integer from 1 to .*0$"),
        ({"batch_size": 24}, "`batch_size` must be an integer from 1 to 23.*24$"),
        ({"seed": -1}, "`seed` must be an integer of 0 or more"),
        ({"initial_epoch": -1}, "`initial_epoch` must be an integer of 0 or more"),
        (
            {"augmentation": ["mixup"]},
            "'mixup'. Choose from: pad_crop, pad8_crop, flip",
        ),
        ({"augmentation": ["flip"], "seed": None}, "`augmentation` needs a seed"),
    ],
)
def test_arguments_that_cannot_be(change, message):
    options = {"split": "train", "batch_size": 5, "seed": 1} | change
    with pytest.raises(ValueError, match=message):
        images().batches(**options)


def test_augmentations_that_do_not_fit_the_data():
    with pytest.raises(ValueError, match=r"needs images .* shape \(3,\)"):
        table().batches("train", 5, seed=1, augmentation=["flip"])
    with pytest.raises(ValueError, match="3 channels"):
        images(channels=1).batches("train", 5, seed=1, augmentation=["randaugment"])


def test_augmentations_are_in_float32_whatever_the_policy():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        augmentation = ["pad_crop", "flip", "cutout"]
        batches = images().batches("train", 5, seed=1, augmentation=augmentation)
        x, _ = next(iter(batches))
    finally:
        keras.config.set_dtype_policy("float32")
    assert to_numpy(x).dtype == np.float32
    assert _tensors is not None


def several():
    """Inputs by name, of all kinds, and two targets."""
    random = np.random.default_rng(0)
    x = {
        "image": np.arange(24 * 256).reshape(24, 16, 16, 1).astype("uint8"),
        "words": random.integers(0, 9, (24, 3)),
        "large": random.normal(size=(24, 2)),
        "small": random.integers(0, 9, (24, 2)).astype("uint16"),
    }
    y = [np.arange(24) % 2, random.normal(size=24)]
    part = Split(x, y)
    return from_splits("several", dict.fromkeys(SPLITS, part), 2)


def flat(batches):
    """Return all that there is to say of batches."""
    leaves = [keras.tree.flatten(batch) for batch in batches]
    return [
        [(array.dtype, array.shape, array.tobytes()) for array in map(to_numpy, batch)]
        for batch in leaves
    ]


@pytest.mark.parametrize("make", [images, table, several])
@pytest.mark.parametrize("initial_epoch", [0, 2])
def test_fit_gets_the_same_batches(make, initial_epoch):
    data = make()
    begin = {"seed": 1, "initial_epoch": initial_epoch}
    arguments = data.fit_arguments(7, epochs=4, **begin)
    assert (arguments["initial_epoch"], arguments["epochs"]) == (initial_epoch, 4)
    batches = data.batches("train", 7, **begin)
    wanted = [batch for _ in range(initial_epoch, 4) for batch in batches]
    if keras.config.backend() == "tensorflow":
        assert arguments["steps_per_epoch"] == len(batches) == 3
        found = list(arguments["x"])
    else:
        found = [b for _ in range(initial_epoch, 4) for b in arguments["x"]]
    assert flat(found) == flat(wanted)
    keras.tree.assert_same_structure(found[0], wanted[0])


def test_fit_gets_augmented_batches_epoch_by_epoch():
    arguments = images().fit_arguments(7, seed=1, epochs=2, augmentation=("flip",))
    assert len(arguments["x"]) == 3
    assert "steps_per_epoch" not in arguments


def test_no_epoch_ends_within_the_next_where_keras_takes_many_steps_in_a_call():
    uneven = table().fit_arguments(8, seed=1, epochs=2, steps_per_execution=2)
    assert isinstance(uneven["x"], keras.utils.PyDataset)


def test_what_is_large_is_not_copied(monkeypatch):
    monkeypatch.setattr(data_set, "_SMALL", 100)
    assert "steps_per_epoch" not in table().fit_arguments(8, seed=1, epochs=2)


def test_batches_of_ones_own_are_used():
    class Own(data_set.DataSet):
        def batches(self, *arguments, **options):
            return super().batches("test", 5)

    own = Own(**vars(table()))
    assert len(own.fit_arguments(8, seed=1, epochs=2)["x"]) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("seed", -1), ("epochs", 1.5), ("initial_epoch", "2"), ("batch_size", 0)),
        ("steps_per_execution", 0),
    ],
)
def test_what_fit_can_not_use_is_refused(name, value):
    arguments = {"batch_size": 8, "seed": 1, "epochs": 2, name: value}
    with pytest.raises(ValueError, match=name):
        table().fit_arguments(**arguments)
