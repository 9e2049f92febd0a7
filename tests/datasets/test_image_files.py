"""Image sets that are files: folders of classes, and Tiny ImageNet's archive."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_datasets")
pytest.importorskip("PIL")

import tensorflow_datasets as tfds
from PIL import Image

from keras_regnoise.datasets import _image_files, is_here, load
from tests.helpers import to_numpy

CLASSES = ("n01443537", "n01629819", "n02085620")


def png(label, number, shape=(64, 64)):
    """A gray image whose level tells class and number."""
    image = np.full((*shape, 3), 80 * label + number, "uint8")
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def tiny():
    """The files of Tiny ImageNet, with 3 classes of 20 and 4 images."""
    top = "tiny-imagenet-200"
    files = {f"{top}/wnids.txt": "\n".join(CLASSES).encode()}
    rows = []
    for label, name in enumerate(CLASSES):
        files[f"{top}/train/{name}/{name}_boxes.txt"] = b"x.JPEG\t0\t0\t62\t62\n"
        for number in range(20):
            file = f"{top}/train/{name}/images/{name}_{number}.JPEG"
            files[file] = png(label, number)
        for number in range(4):
            rows.append((f"val_{4 * label + number}.JPEG", name))
            files[f"{top}/val/images/{rows[-1][0]}"] = png(label, 60 + number)
    rows = "".join(f"{file}\t{name}\t0\t32\t44\t62\n" for file, name in rows[::-1])
    files[f"{top}/val/val_annotations.txt"] = rows.encode()
    files[f"{top}/test/images/test_0.JPEG"] = png(0, 79)
    return files


def write_folder(files, folder):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def write_tar(files, path, mode):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def write_zip(files, path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tar.gz"])
def test_tiny_imagenet(form, tmp_path):
    assert not is_here("tiny-imagenet", tmp_path)
    path = tmp_path / f"tiny-imagenet-200.{form}"
    if form == "folder":
        write_folder(tiny(), tmp_path)
    elif form == "zip":
        write_zip(tiny(), path)
    else:
        write_tar(tiny(), path, "w:gz" if form == "tar.gz" else "w")
    assert is_here("tiny-imagenet", tmp_path)
    data = load("tiny-imagenet", tmp_path)
    assert (data.name, data.classes, data.shape) == ("tiny-imagenet", 3, (64, 64, 3))
    assert data.sizes == {"train": 54, "validation": 6, "test": 12}
    for part in (data.train, data.validation, data.test):
        levels = part.x[:, 0, 0, 0]
        assert (part.x == levels[:, None, None, None]).all()
        assert (levels // 80 == part.y).all()
    # The validation split is drawn from the first, and the test split is `val`.
    assert (data.train.x[:, 0, 0, 0] % 80 < 20).all()
    assert (data.validation.x[:, 0, 0, 0] % 80 < 20).all()
    assert np.bincount(data.validation.y).tolist() == [2, 2, 2]
    assert sorted(data.test.x[:, 0, 0, 0] % 80) == sorted([60, 61, 62, 63] * 3)
    part = load("tiny-imagenet", tmp_path, examples=9, test_examples=6)
    assert part.sizes == {"train": 9, "validation": 6, "test": 6}
    assert np.bincount(part.train.y).tolist() == [3, 3, 3]


def test_an_archive_that_is_not_whole(tmp_path):
    files = tiny()
    path = tmp_path / "tiny-imagenet-200.zip"
    write_zip(files, path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="is not a whole zip or tar file"):
        load("tiny-imagenet", tmp_path)
    del files["tiny-imagenet-200/val/images/val_3.JPEG"]
    write_zip(files, path)
    with pytest.raises(ValueError, match=r"1 images .* not there, such as .*val_3"):
        load("tiny-imagenet", tmp_path)
    write_zip({"tiny-imagenet-200/readme.txt": b""}, path)
    with pytest.raises(ValueError, match=r"train/CLASS/NAME\.jpg. Received: readme"):
        load("tiny-imagenet", tmp_path)


def write_classes(folder, shapes=((64, 64),), parts=("train", "val")):
    for part in parts:
        for label, name in enumerate(CLASSES):
            for number in range(20):
                place = folder / part / name
                place.mkdir(parents=True, exist_ok=True)
                content = png(label, number, shapes[number % len(shapes)])
                (place / f"{number}.png").write_bytes(content)


def test_a_folder_for_every_class_as_tensorflow_datasets_reads_it(tmp_path):
    write_classes(tmp_path / "imagenet2012")
    theirs = tfds.ImageFolder(str(tmp_path / "imagenet2012"))
    assert theirs.info.features["label"].names == list(CLASSES)
    data = load("imagenet2012", tmp_path)
    assert data.sizes == {"train": 54, "validation": 6, "test": 60}
    assert (data.classes, data.shape) == (3, (64, 64, 3))
    ours = sorted((int(x[0, 0, 0]), int(y)) for x, y in zip(*data.test, strict=True))
    examples = theirs.as_dataset("val", as_supervised=True).as_numpy_iterator()
    assert ours == sorted((int(x[0, 0, 0]), int(y)) for x, y in examples)
    by_path = load(tmp_path / "imagenet2012")
    assert by_path.fingerprint == data.fingerprint


def test_images_of_many_sizes(tmp_path):
    write_classes(tmp_path / "mine", [(240, 300), (260, 250)], ["train"])
    data = load(tmp_path / "mine", examples=12)
    assert data.shape == (224, 224, 3)
    assert data.sizes == {"train": 12, "validation": 5, "test": 12}
    assert (data.train.x[:, 100, 100, 0] // 80 == data.train.y).all()


def test_a_folder_that_is_too_large_is_read_in_batches(tmp_path, monkeypatch):
    write_classes(tmp_path / "imagenet2012", [(240, 300), (260, 250)])
    whole = load("imagenet2012", tmp_path)
    monkeypatch.setattr(_image_files, "STREAM_ABOVE", 0)
    data = load("imagenet2012", tmp_path)
    assert data.sizes == whole.sizes
    assert data.shape == (224, 224, 3)

    def epochs(**options):
        batches = data.batches("train", 8, seed=1, **options)
        return [
            np.concatenate([to_numpy(x)[:, 100, 100, 0] for x, _ in batches])
            for _ in range(2)
        ]

    first, second = epochs()
    (again,) = epochs(initial_epoch=1)[:1]
    np.testing.assert_array_equal(second, again)
    assert (first != second).any()
    levels = whole.train.x[:, 100, 100, 0] / np.float32(255)
    assert set(first) <= set(levels)
    for x, y in data.batches("test", 16):
        levels = np.round(to_numpy(x)[:, 100, 100, 0] * 255)
        assert (levels // 80 == to_numpy(y)).all()


def test_a_class_that_the_training_split_lacks(tmp_path):
    write_classes(tmp_path / "mine")
    (tmp_path / "mine" / "val" / "zebra").mkdir()
    (tmp_path / "mine" / "val" / "zebra" / "1.png").write_bytes(png(0, 0))
    with pytest.raises(ValueError, match="Missing there: zebra"):
        load(tmp_path / "mine")


def test_hidden_files_are_no_images_and_no_classes(tmp_path):
    write_classes(tmp_path / "mine")
    before = load(tmp_path / "mine")
    train = tmp_path / "mine" / "train"
    (train / ".ipynb_checkpoints").mkdir()
    (train / ".ipynb_checkpoints" / "0-checkpoint.png").write_bytes(png(0, 0))
    (train / CLASSES[0] / "._0.png").write_bytes(b"of a Mac")
    assert load(tmp_path / "mine").fingerprint == before.fingerprint
