import dataclasses
import functools
import io
import tarfile

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_datasets")
pytest.importorskip("importlib_resources")

import tensorflow_datasets as tfds

from keras_regnoise.datasets import Split, _images, load
from keras_regnoise.datasets.data_set import SPLITS, from_splits
from keras_regnoise.datasets.stream import Stream
from tests.helpers import ROOT, to_numpy

EMPTY = Split(np.zeros((0, 1)), np.zeros(0, "int64"))
CIFAR = ROOT.parent / "shared" / "data"


class Stripes(tfds.core.GeneratorBasedBuilder):
    """60 images of several sizes; the class is the position of the bright stripe."""

    VERSION = tfds.core.Version("1.0.0")
    SPLITS = ("train",)

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
        features = tfds.features.FeaturesDict(features)
        keys = ("image", "label")
        return self.dataset_info_from_configs(features=features, supervised_keys=keys)

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in self.SPLITS}

    def _generate_examples(self, split):
        for number in range(60):
            image = np.full((240 + number, 300, 3), number, "uint8")
            image[:, 50 + 100 * (number % 3) : 70 + 100 * (number % 3)] = 250
            yield number, {"image": image, "label": number % 3}


class StripesTwice(Stripes):
    """The same in two splits, the second of which is called validation."""

    SPLITS = ("train", "validation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tfds")
    for builder in (Stripes, StripesTwice):
        builder(data_dir=path).download_and_prepare()
    return path


def stripe(image):
    return int(image[..., 0].mean(0).argmax() > 74) + int(
        image[..., 0].mean(0).argmax() > 149
    )


def test_images_of_many_sizes_that_have_one_part(folder):
    data = load("stripes", folder)
    assert (data.name, data.classes, data.shape) == ("stripes", 3, (224, 224, 3))
    assert data.sizes == {"train": 43, "validation": 5, "test": 12}
    assert data.train.x.dtype == np.uint8
    for part in (data.train, data.test):
        assert [stripe(image) for image in part.x] == part.y.tolist()
    assert np.bincount(data.test.y).tolist() == [4, 4, 4]
    assert data.fingerprint == load("stripes:1.0.0", folder).fingerprint


def test_a_validation_part_stands_in_for_a_test_part(folder):
    data = load("stripes_twice", folder, examples=20)
    assert data.sizes == {"train": 20, "validation": 6, "test": 60}


def test_a_set_that_is_too_large_is_read_in_batches(folder, monkeypatch):
    monkeypatch.setattr(_images, "STREAM_ABOVE", 0)
    data = load("stripes", folder)
    assert data.sizes == {"train": 42, "validation": 6, "test": 12}
    assert data.shape == (224, 224, 3)

    def epochs(**options):
        batches = data.batches("train", 8, seed=1, **options)
        assert len(batches) == 5
        return [[(to_numpy(x), to_numpy(y)) for x, y in batches] for _ in range(2)]

    first, second = epochs(augmentation=["flip"])
    (again,) = epochs(augmentation=["flip"], initial_epoch=1)[:1]
    assert first[0][0].shape == (8, 224, 224, 3)
    assert 0.9 < first[0][0].max() <= 1.0
    assert all((a[0] == b[0]).all() for a, b in zip(second, again, strict=True))
    assert any((a[1] != b[1]).any() for a, b in zip(first, second, strict=True))
    for x, y in epochs()[0]:
        assert [stripe(image) for image in x] == y.tolist()
    test = [y for _, y in data.batches("test", 8)]
    assert [len(y) for y in test] == [8, 4]
    others = (load("stripes", folder, examples=9), load("stripes_twice", folder))
    assert others[0].sizes["train"] == 9
    assert len(list(others[0].batches("train", 4))) == 3
    assert len({data.fingerprint, *(other.fingerprint for other in others)}) == 3


@pytest.mark.parametrize(
    ("name", "shape", "classes", "count"),
    [("cifar100", (32, 32, 3), 100, 1200), ("emnist/balanced", (28, 28, 1), 47, 700)],
)
def test_mocked_sets(name, shape, classes, count, tmp_path):
    with tfds.testing.mock_data(num_examples=count):
        data = load(name, tmp_path, download=True, examples=200, test_examples=300)
        other = load(name, tmp_path, download=True, seed=1)
    assert (data.classes, data.shape) == (classes, shape)
    assert data.sizes == {"train": 200, "validation": count // 10, "test": 300}
    assert other.sizes["train"] == other.sizes["test"] * 9 // 10 == count * 9 // 10
    assert data.train.x.dtype == np.uint8
    assert data.train.y.max() < classes
    assert data.fingerprint != other.fingerprint


def test_the_further_images_of_svhn(tmp_path):
    with tfds.core.registered.skip_registration():

        class SvhnCropped(Stripes):
            SPLITS = ("train", "test", "extra")

    SvhnCropped(data_dir=tmp_path).download_and_prepare()
    data = load("svhn_cropped", tmp_path)
    assert data.sizes == {"train": 54, "validation": 6, "test": 60}
    more = load("svhn_cropped+extra", tmp_path)
    assert more.sizes == {"train": 108, "validation": 12, "test": 60}
    with pytest.raises(ValueError, match=r"Unknown data set 'cifar10\+extra'"):
        load("cifar10+extra", tmp_path)


def test_mocked_imagenet(tmp_path):
    with tfds.testing.mock_data(num_examples=4):
        builder = tfds.builder("imagenet2012", data_dir=tmp_path)
        assert _images._splits(builder) == {"train": "train", "test": "validation"}
        assert _images._shape(builder) == (224, 224, 3)
        train = Stream(functools.partial(_images._open, builder, "train", None), 4)
        stream = from_splits("imagenet2012", dict.fromkeys(SPLITS, EMPTY), 1000)
        stream = dataclasses.replace(stream, train=train, shape=(224, 224, 3))
        ((x, y),) = stream.batches("train", 4, seed=1, augmentation=["flip"])
        ((again, _),) = stream.batches("train", 4, seed=1, augmentation=["flip"])
    assert to_numpy(x).shape == (4, 224, 224, 3)
    assert 0.0 <= x.min() < x.max() <= 1.0
    assert (x == again).all()
    assert to_numpy(y).max() < 1000


def test_a_set_that_is_not_about_images(tmp_path):
    with (
        tfds.testing.mock_data(num_examples=5),
        pytest.raises(ValueError, match=r"features 'image' and 'label'.*: features"),
    ):
        load("iris", tmp_path, download=True)


@pytest.mark.skipif(not (CIFAR / "tfds").exists(), reason="the files are not there")
def test_cifar10():
    data = load("cifar10", CIFAR)
    assert data.sizes == {"train": 45_000, "validation": 5_000, "test": 10_000}
    for part, count in ((data.train, 4500), (data.validation, 500), (data.test, 1000)):
        assert np.bincount(part.y).tolist() == [count] * 10
        assert part.x.dtype == np.uint8
    mean = data.train.x.mean((0, 1, 2)) / 255
    np.testing.assert_allclose(mean, [0.4868, 0.4822, 0.4414], atol=0.002)


def tar_of(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def jpeg(level):
    import tensorflow as tf

    image = np.full((240, 300, 3), level, "uint8")
    return tf.io.encode_jpeg(image, quality=95).numpy()


def test_the_archives_of_imagenet(tmp_path):
    """As image-net.org has them: a tar of a tar for every class, and one without."""
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    # The first two of the 1,000 classes.
    classes = {
        name: tar_of({f"{name}_{n}.JPEG": jpeg(100 * c + n) for n in range(10)})
        for c, name in enumerate(("n01440764", "n01443537"))
    }
    train = tar_of({f"{name}.tar": content for name, content in classes.items()})
    (manual / "ILSVRC2012_img_train.tar").write_bytes(train)
    val = {f"ILSVRC2012_val_{n + 1:08d}.JPEG": jpeg(200 + n) for n in range(4)}
    (manual / "ILSVRC2012_img_val.tar").write_bytes(tar_of(val))
    with pytest.raises(
        FileNotFoundError, match=r"144 GB to download.*downloads/manual"
    ):
        load("imagenet2012", tmp_path)
    data = load("imagenet2012", tmp_path, download=True)
    assert data.sizes == {"train": 18, "validation": 2, "test": 4}
    assert (data.classes, data.shape) == (1000, (224, 224, 3))
    for part in (data.train, data.validation):
        assert (part.x[:, 0, 0, 0] // 100 == part.y).all()
    assert sorted(data.test.x[:, 0, 0, 0]) == [200, 201, 202, 203]
    # It is prepared now, and needs the archives no more.
    for file in manual.iterdir():
        file.unlink()
    assert load("imagenet2012", tmp_path).fingerprint == data.fingerprint
