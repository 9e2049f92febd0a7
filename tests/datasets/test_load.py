import re
import socket
import time

import numpy as np
import pytest

pytest.importorskip("sklearn")

from keras_regnoise.datasets import (
    DataSet,
    is_here,
    load,
    load_digits,
    missing,
    train_examples,
)
from tests.helpers import run_python


@pytest.fixture
def offline(monkeypatch):
    def refuse(*arguments):
        raise AssertionError(f"a connection to {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_digits_are_those_of_load_digits():
    digits = load("digits")
    for part, expected in zip(
        (digits.train, digits.validation, digits.test), load_digits(), strict=True
    ):
        assert (part.x == expected.x).all()
        assert (part.y == expected.y).all()
    assert (digits.name, digits.classes, digits.shape) == ("digits", 10, (8, 8, 1))
    assert digits.sizes == {"train": 500, "validation": 297, "test": 1000}
    # The digits of every result so far.
    assert np.bincount(digits.train.y).tolist() == [
        *(50, 51, 49, 51, 50, 51, 50, 50, 48, 50)
    ]


def test_fingerprints():
    digits = load("digits")
    assert digits.fingerprint.startswith("sha256:")
    assert len(digits.fingerprint) == 7 + 64
    assert digits.fingerprint == load("digits").fingerprint
    others = [load("digits", seed=1), load("digits", examples=400)]
    others += [load("digits", test_examples=400), load("twonorm")]
    assert len({digits.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_fewer_digits_are_stratified():
    digits = load("digits", examples=50, test_examples=100)
    assert np.bincount(digits.train.y).tolist() == [5] * 10
    assert digits.sizes == {"train": 50, "validation": 297, "test": 100}
    full = {image.tobytes() for image in load("digits").train.x}
    assert {image.tobytes() for image in digits.train.x} < full


def log_density(x, mean, variance):
    return -((x - mean) ** 2).sum(1) / 2 / variance - 10 * np.log(variance)


def test_the_best_classifier_of_the_norms_errs_as_published():
    from keras_regnoise.datasets._generated import ringnorm, twonorm

    a = 2 / np.sqrt(20)
    for (x, y), classes, error in (
        (twonorm(), ((a, 1), (-a, 1)), 0.0228),
        (ringnorm(), ((0, 4), (a, 1)), 0.0124),
    ):
        assert x.shape == (7400, 20)
        assert np.bincount(y).tolist() == [3700, 3700]
        densities = [log_density(x, *of_class) for of_class in classes]
        wrong = (np.argmax(densities, axis=0) != y).mean()
        assert abs(wrong - error) < 4 * np.sqrt(error / 7400)


def test_the_best_classifier_of_the_led_display_errs_as_published():
    from keras_regnoise.datasets._generated import _LED_DIGITS, led_display

    x, y = led_display()
    assert x.shape == (1000, 7)
    digits = np.array([[int(s) for s in digit] for digit in _LED_DIGITS.split()])
    assert len({tuple(digit) for digit in digits}) == 10
    distance = np.abs(x[:, None] - digits).sum(2)
    assert abs((x != digits[y]).mean() - 0.1) < 4 * np.sqrt(0.09 / 7000)
    wrong = (distance.argmin(1) != y).mean()
    assert abs(wrong - 0.26) < 4 * np.sqrt(0.26 * 0.74 / 1000)


@pytest.mark.parametrize("name", ["ringnorm", "twonorm", "led-display"])
def test_generated_tables(name, tmp_path):
    table = load(name, tmp_path)
    assert isinstance(table, DataSet)
    assert table.fingerprint == load(f"uci/{name}", tmp_path).fingerprint
    np.testing.assert_allclose(table.train.x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(table.train.x.std(0), 1, atol=1e-4)


def test_an_unknown_name(tmp_path, offline):
    pytest.importorskip("tensorflow_datasets")
    (tmp_path / "mine.csv").write_text("a,label\n1,x\n")
    (tmp_path / "other.csv").write_text("a,b\n1,x\n")
    version = tmp_path / "tfds" / "emnist" / "balanced" / "3.1.0"
    version.mkdir(parents=True)
    (version / "dataset_info.json").write_text("{}")
    with pytest.raises(ValueError, match="Unknown data set 'cifar11'") as error:
        load("cifar11", tmp_path)
    known, _, prepared = str(error.value).partition("Prepared in ")
    assert all(name in known for name in ("digits", "led-display", "cifar10", ".npz"))
    assert prepared == f"{tmp_path}: emnist/balanced, uci/mine"


# What the papers use: how large it is, and where it goes below the folder.
TO_FETCH = {
    "cifar10": ("163 MB", "tfds.builder('cifar10', data_dir='{folder}')"),
    "cifar100": ("161 MB", "tfds.builder('cifar100', data_dir='{folder}')"),
    "svhn_cropped": ("1.5 GB", "tfds.builder('svhn_cropped', data_dir='{folder}')"),
    "svhn_cropped+extra": (
        "1.5 GB",
        "tfds.builder('svhn_cropped', data_dir='{folder}')",
    ),
    "emnist/balanced": (
        "536 MB",
        "tfds.builder('emnist/balanced', data_dir='{folder}')",
    ),
    "imagenet2012": ("144 GB", "{folder}/imagenet2012/val/CLASS/*.JPEG"),
    "coco/2017": ("19 GB", "unpack them in {folder}/coco"),
    "librispeech": ("7.1 GB", "{folder}/LibriSpeech/train-clean-100"),
    "tiny-imagenet": ("237 MB", "tiny-imagenet-200.zip and put it into {folder}"),
}


@pytest.mark.parametrize("name", TO_FETCH)
def test_a_set_that_is_not_there_is_said_so_without_a_network(name, tmp_path, offline):
    size, place = TO_FETCH[name]
    start = time.perf_counter()
    with pytest.raises(FileNotFoundError) as error:
        load(name, tmp_path)
    assert time.perf_counter() - start < 1
    message = str(error.value)
    assert message.startswith(f"{name} is not in {tmp_path}. It is {size} to download.")
    assert place.format(folder=tmp_path) in message
    assert "\n" not in message  # the reason of a failed cell is a line
    assert message == missing(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_uci_that_is_not_there_says_how_large_it_is(tmp_path, offline):
    from keras_regnoise.studies.papers.vcl_uci import STUDY

    names = {arm.data for arm in STUDY.arms}
    assert len(names) == 44
    generated = {name for name in names if is_here(name, tmp_path)}
    assert generated == {"ringnorm", "twonorm", "led-display"}
    unknown = set()
    for name in names - generated:
        start = time.perf_counter()
        with pytest.raises(FileNotFoundError) as error:
            load(name, tmp_path)
        assert time.perf_counter() - start < 1
        message = str(error.value)
        table = name.removeprefix("uci/")
        assert message.startswith(f"{name} is not in {tmp_path}. ")
        assert f"Put {table}.csv or {table}.csv.gz there (a header row" in message
        assert message == missing(name, tmp_path)
        found = re.search(r"https://www.openml.org/d/\d+, ([\d,]+) rows", message)
        if found is None:
            unknown.add(name)
        else:
            rows = int(found[1].replace(",", ""))
            assert train_examples(name) == round(rows * 0.72)
        assert ("download=True" in message) == (found is not None)
    assert unknown == {"uci/oocytes-m.-nucleus-4d", "uci/oocytes-m.-states-2f"}


def test_a_set_that_is_not_there_is_said_so_in_a_second(tmp_path):
    code = f"""
import time, keras, numpy
from keras_regnoise.datasets import load
start = time.perf_counter()
try:
    load("imagenet2012", {str(tmp_path)!r})
except FileNotFoundError as error:
    print(error)
print(time.perf_counter() - start)
"""
    *message, seconds = run_python(code).splitlines()
    assert float(seconds) < 1
    assert "It is 144 GB to download." in message[0]


def test_nothing_is_missing_of_what_is_here_or_is_no_set(tmp_path):
    for name in ("digits", "ringnorm", "uci/ringnorm", "cifar11", "mine:data"):
        assert missing(name, tmp_path) == ""
    (tmp_path / "cifar10.npz").touch()
    assert missing("cifar10", tmp_path) == ""


@pytest.mark.parametrize("download", [False, True])
@pytest.mark.parametrize("name", ["tiny-imagenet", "librispeech", "coco/2017"])
def test_a_set_that_is_fetched_by_hand(name, download, tmp_path, offline):
    with pytest.raises(FileNotFoundError) as error:
        load(name, tmp_path, download=download)
    assert str(error.value) == missing(name, tmp_path)
    assert "download=True" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("uci/bank", "https://www.openml.org/d/1558, 4,521 rows. Put bank.csv"),
        ("uci/oocytes-m.-nucleus-4d", "not at OpenML under a name known here"),
    ],
)
def test_a_missing_table_says_where_it_can_be_had(name, where, tmp_path, offline):
    with pytest.raises(FileNotFoundError) as error:
        load(name, tmp_path)
    assert where in str(error.value)


def test_what_is_here_is_known_without_reading_it(tmp_path, offline):
    pytest.importorskip("tensorflow_datasets")
    names = ("cifar10", "emnist/balanced", "uci/bank", "tiny-imagenet", "imagenet2012")
    assert not any(is_here(name, tmp_path) for name in names)
    assert all(is_here(name, tmp_path) for name in ("digits", "uci/ringnorm"))
    (tmp_path / "cifar10.npz").touch()
    (tmp_path / "uci").mkdir()
    (tmp_path / "uci" / "bank.csv.gz").touch()
    (tmp_path / "tiny-imagenet-200.zip").touch()
    version = tmp_path / "tfds" / "emnist" / "balanced" / "3.1.0"
    image = tmp_path / "imagenet2012" / "train" / "n01440764" / "a.JPEG"
    for file in (version / "dataset_info.json", image):
        file.parent.mkdir(parents=True)
        file.touch()
    assert all(is_here(name, tmp_path) for name in names)
    assert not is_here("cifar100", tmp_path)
    assert is_here(tmp_path / "cifar10.npz")
    assert not is_here(tmp_path / "cifar100.npz")


def test_how_many_examples_a_set_has_is_known_without_it():
    names = ("digits", "twonorm", "uci/ringnorm")
    for name in names:
        assert train_examples(name) == load(name).sizes["train"]
    assert train_examples("cifar10") == 45_000
    assert train_examples("imagenet2012") == 1_281_167 * 9 // 10
    assert train_examples("uci/nowhere") is None


@pytest.mark.parametrize("name", ["uci/nowhere", "openml/nowhere"])
def test_a_table_that_is_not_there(name, tmp_path, offline):
    with pytest.raises(FileNotFoundError, match=r"nowhere.csv.gz") as error:
        load(name, tmp_path)
    assert str(tmp_path) in str(error.value)


def test_the_folder_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_REGNOISE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="is not in") as error:
        load("uci/nowhere")
    assert str(tmp_path) in str(error.value)


def test_a_seed_that_cannot_be():
    with pytest.raises(ValueError, match="`seed` must be an integer of 0 or more"):
        load("digits", seed=-1)


def test_importing_imports_nothing_heavy():
    code = """
import sys, keras
before = set(sys.modules)
from keras_regnoise import datasets
print(*{name.split(".")[0] for name in set(sys.modules) - before})
"""
    heavy = {"tensorflow_datasets", "sklearn", "pandas", "scipy", "tensorflow"}
    assert not set(run_python(code).split()) & heavy


def test_all_parts_can_be_cut_down():
    digits = load("digits", examples=50, test_examples=60, validation_examples=70)
    assert digits.sizes == {"train": 50, "validation": 70, "test": 60}
    table = load("twonorm", examples=50, test_examples=60, validation_examples=70)
    assert table.sizes == digits.sizes
    with pytest.raises(
        ValueError, match="`validation_examples` must be an integer from 10"
    ):
        load("digits", validation_examples=3)


def test_an_image_set_as_npz_needs_no_tensorflow(tmp_path, offline):
    images = np.random.default_rng(0).integers(0, 256, (120, 6, 6, 3), "uint8")
    classes = np.arange(120) % 4
    parts = {"x_train": images[:100], "y_train": classes[:100]}
    tests = {"x_test": images[100:], "y_test": classes[100:]}
    np.savez(tmp_path / "cifar10.npz", **parts, **tests)
    data = load("cifar10", tmp_path, examples=40)
    assert (data.name, data.shape, data.classes) == ("cifar10", (6, 6, 3), 4)
    assert data.train.x.dtype == np.uint8
    assert data.sizes == {"train": 40, "validation": 10, "test": 20}
    np.testing.assert_array_equal(data.test.x, images[100:])
