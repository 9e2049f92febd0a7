import csv
import gzip

import numpy as np
import pytest

pytest.importorskip("sklearn")

from keras_regnoise.datasets import Split, _openml, load
from keras_regnoise.datasets._stratify import divide
from tests.helpers import ROOT

UCI = ROOT.parent / "shared" / "data" / "uci"
HEADER = ["size", "colour", "label"]


def rows(count=60, seed=0):
    random = np.random.default_rng(seed)
    sizes = random.normal(5.0, 3.0, count)
    colours = random.choice(["red", "green", "blue"], count)
    return [
        [repr(float(size)), str(colour), "big" if size > 5 else "small"]
        for size, colour in zip(sizes, colours, strict=True)
    ]


def write(path, table, header=HEADER):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *table])
    return path


def folder(path, **parts):
    path.mkdir(exist_ok=True)
    for part, table in parts.items():
        write(path / f"{part}.csv", table)
    return path


def test_a_file_and_its_names(tmp_path):
    path = write(tmp_path / "things.csv", rows())
    table = load(path)
    assert (table.name, table.classes, table.shape) == ("things", 2, (4,))
    assert table.sizes == {"train": 43, "validation": 5, "test": 12}
    (tmp_path / "uci").mkdir()
    write(tmp_path / "uci" / "others.csv.gz", rows())
    others = load("uci/others", tmp_path)
    assert others.name == "uci/others"
    assert others.fingerprint == table.fingerprint


def test_columns_are_standardized_and_encoded_by_the_training_part(tmp_path):
    train, test = rows(40), rows(20, seed=1)
    data = load(folder(tmp_path / "d", train=train, validation=test, test=test))
    sizes = np.array([float(row[0]) for row in train])
    expected = (np.array([float(r[0]) for r in test]) - sizes.mean()) / sizes.std()
    np.testing.assert_allclose(data.train.x[:, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(data.test.x[:, 0], expected, rtol=1e-5)
    words = ["blue", "green", "red"]
    one_hot = [[row[1] == word for word in words] for row in test]
    assert (data.test.x[:, 1:] == np.array(one_hot)).all()
    assert data.test.y.tolist() == [int(row[2] == "small") for row in test]
    assert data.train.x.dtype == np.float32


def test_nothing_leaks_from_the_other_parts(tmp_path):
    train, test = rows(40), rows(20, seed=1)
    clean = load(folder(tmp_path / "a", train=train, validation=test, test=test))
    test[3] = ["1e9", "violet", test[3][2]]
    test[4] = ["much", "?", test[4][2]]
    wild = load(folder(tmp_path / "b", train=train, validation=test, test=test))
    assert (clean.train.x == wild.train.x).all()
    assert wild.test.x[3, 0] > 1e7
    assert wild.test.x[3, 1:].tolist() == [0, 0, 0]  # a word it has not learned
    sizes = np.array([float(row[0]) for row in train])
    median = (np.median(sizes) - sizes.mean()) / sizes.std()
    np.testing.assert_allclose(wild.test.x[4, 0], median, rtol=1e-5)
    assert clean.fingerprint != wild.fingerprint


def test_nothing_leaks_from_the_test_rows_of_one_file(tmp_path):
    table = rows(100)
    clean = load(write(tmp_path / "a.csv", table))
    y = np.array([int(row[2] == "small") for row in table])
    row = divide({"train": Split(np.arange(100), y)}, 0)["test"].x[0]
    table[row] = ["1e6", "violet", table[row][2]]
    wild = load(write(tmp_path / "b.csv", table))
    assert (clean.train.x == wild.train.x).all()
    assert (clean.validation.x == wild.validation.x).all()
    assert wild.test.x[0, 0] > 1e4


def test_missing_cells(tmp_path):
    table = rows(40)
    table[0][:2], table[1][:2] = ["", ""], ["?", "?"]
    part = rows(20, seed=1)
    data = load(folder(tmp_path / "d", train=table, validation=part, test=part))
    assert data.shape == (5,)  # a missing colour is a colour of its own
    sizes = np.array([float(row[0]) for row in table[2:]])
    filled = np.array([np.median(sizes)] * 2 + sizes.tolist())
    expected = (filled - filled.mean()) / filled.std()
    np.testing.assert_allclose(data.train.x[:, 0], expected, atol=1e-5)
    assert data.train.x[:2, 1:].tolist() == [[1, 0, 0, 0]] * 2


def test_classes_are_counted_in_the_order_of_numbers(tmp_path):
    table = [[str(i), "red", label] for i, label in enumerate(["10", "9", "2"] * 10)]
    data = load(folder(tmp_path / "d", train=table, validation=table, test=table))
    assert data.train.y.tolist() == [2, 1, 0] * 10


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.csv"):
        load(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"has no train\.csv"):
        load(tmp_path)
    path = write(tmp_path / "t.csv", rows(), ["size", "colour", "class"])
    with pytest.raises(ValueError, match=r"column 'label'.*: size, colour, class"):
        load(path)
    path.write_text("")
    with pytest.raises(ValueError, match="Received header: none"):
        load(path)
    with pytest.raises(ValueError, match=r"row 2: expected 3 cells.*Received: 2"):
        load(write(path, [*rows(1), ["1", "x"]]))
    with pytest.raises(ValueError, match="two classes or more"):
        load(write(path, [["1", "red", "x"]] * 30))
    with pytest.raises(ValueError, match="have no class"):
        load(write(path, [*rows(), ["1", "red", ""]]))
    with pytest.raises(ValueError, match="has one example"):
        load(write(path, [*rows(), ["1", "red", "lonely"]]))
    with pytest.raises(ValueError, match=r"`examples` must be an integer from 2 to 43"):
        load(write(path, rows()), examples=44)


def test_folders_whose_files_do_not_fit(tmp_path):
    path = folder(tmp_path / "d", train=rows())
    write(path / "test.csv", rows(), ["size", "hue", "label"])
    with pytest.raises(ValueError, match=r"header of test\.csv.*size, hue, label"):
        load(path)
    write(path / "test.csv", [["1", "red", "huge"]])
    with pytest.raises(ValueError, match="Missing there: huge"):
        load(path)


@pytest.mark.parametrize(
    "names", [("x", "y"), ("x_train", "y_train"), ("x_train", "y_train", "x_test")]
)
def test_images_of_an_npz_file(tmp_path, names):
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (50, 9, 7), "uint8")
    y = np.arange(50, dtype="uint8") % 5 + 1
    arrays = dict(zip(names, (x, y, x[:20]), strict=False))
    if "x_test" in arrays:
        arrays["y_test"] = y[:20, None]
    np.savez(tmp_path / "images.npz", **arrays)
    data = load(tmp_path / "images.npz")
    assert (data.name, data.classes, data.shape) == ("images", 5, (9, 7, 1))
    assert data.train.x.dtype == np.uint8
    assert data.sizes["test"] == (20 if "x_test" in arrays else 10)
    known = {image.tobytes(): label - 1 for image, label in zip(x, y, strict=True)}
    for part in (data.train, data.validation, data.test):
        assert [known[image.tobytes()] for image in part.x] == part.y.tolist()


def test_rows_of_an_npz_file(tmp_path):
    x = np.random.default_rng(0).normal(7, 3, (50, 4))
    x[3, 1] = np.nan
    np.savez(tmp_path / "rows.npz", x=x, y=np.arange(50) % 2)
    data = load(tmp_path / "rows.npz")
    assert data.shape == (4,)
    assert np.isfinite(data.train.x).all()
    np.testing.assert_allclose(data.train.x.std(0), 1, atol=1e-5)


def test_npz_files_that_do_not_fit(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, data=np.zeros(3))
    with pytest.raises(ValueError, match=r"x_train and y_train, or x and y.*: data"):
        load(path)
    np.savez(path, x=np.zeros((5, 2)), y=np.zeros(4))
    with pytest.raises(ValueError, match=r"Received shapes: \(5, 2\) and \(4,\)"):
        load(path)
    np.savez(path, x=np.zeros((50, 2)), y=np.linspace(0, 1, 50))
    with pytest.raises(ValueError, match="whole numbers or text"):
        load(path)


def test_openml_is_asked_once_and_only_where_allowed(tmp_path, monkeypatch):
    import sklearn.datasets

    asked = []

    class Answer:
        feature_names = ("size", "colour")
        categories = {"colour": ["red", "green"]}  # noqa: RUF012
        data = np.array([[float(i), i % 2] for i in range(30)])
        target = np.array(["yes", "no", "no"] * 10)

    Answer.data[4] = np.nan, np.nan

    def fetch_openml(name, **options):
        asked.append((name, options["data_home"]))
        return Answer

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    with pytest.raises(FileNotFoundError):
        load("openml/things", tmp_path)
    assert asked == []
    first = load("openml/things", tmp_path, download=True)
    assert first.shape == (1 + 3,)
    assert first.classes == 2
    again = load("openml/things", tmp_path)
    assert asked == [("things", str(tmp_path / "openml"))]
    assert again.fingerprint == first.fingerprint


def test_a_table_of_uci_is_asked_for_by_its_number(tmp_path, monkeypatch):
    import sklearn.datasets

    class Answer:
        feature_names = tuple(f"V{i}" for i in range(1, 36))
        categories = None
        data = np.random.default_rng(0).normal(size=(2126, 35))
        target = np.array(list("ABCDEFGHIJ") * 212 + ["A"] * 6)

    asked = []

    def fetch_openml(data_id, **options):
        asked.append(data_id)
        return Answer

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    data = load("uci/cardio.-10clases", tmp_path, download=True)
    # Without the columns that tell the class.
    assert (data.classes, data.shape) == (10, (22,))
    assert (tmp_path / "uci" / "cardio.-10clases.csv.gz").is_file()
    assert load("uci/cardio.-10clases", tmp_path).fingerprint == data.fingerprint
    assert asked == [1466]
    with pytest.raises(ValueError, match=r"1560 is not uci/cardio.*2126 rows of 10 cl"):
        load("uci/cardio.-3clases", tmp_path, download=True)
    assert not (tmp_path / "uci" / "cardio.-3clases.csv.gz").exists()
    with pytest.raises(FileNotFoundError, match="can't be fetched"):
        load("uci/oocytes-m.-states-2f", tmp_path, download=True)


@pytest.mark.skipif(not UCI.exists(), reason="the files are not there")
def test_the_numbers_of_rows_and_classes_are_those_of_the_files():
    with (UCI / "INDEX.csv").open() as stream:
        index = {row["name"]: row for row in csv.DictReader(stream)}
    for name in index:
        meant = _openml.UCI[name]
        assert meant.rows == int(index[name]["samples"]), name
        assert meant.classes == int(index[name]["classes"]), name


@pytest.mark.skipif(not UCI.exists(), reason="the files are not there")
@pytest.mark.parametrize(
    ("name", "shape", "classes", "count"),
    [("nursery", (27,), 5, 12960), ("car", None, 4, 1728), ("titanic", None, 2, 2201)],
)
def test_published_tables(name, shape, classes, count):
    data = load(f"uci/{name}", UCI.parent)
    assert data.classes == classes
    assert shape is None or data.shape == shape
    assert sum(data.sizes.values()) == count
    assert set(data.train.y) == set(range(classes))
    assert np.isfinite(data.train.x).all()


def test_files_that_cannot_be_read_say_what_to_do(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("größe,label\n1,klein\n".encode("latin1"))
    with pytest.raises(ValueError, match=r"t\.csv is not text in UTF-8.*iconv"):
        load(path)
    path.write_text("size,colour,label\n")
    with pytest.raises(ValueError, match=r"t\.csv has a header row and nothing below"):
        load(path)
    write(path, [[str(i), "red", str(i / 7)] for i in range(30)])
    with pytest.raises(ValueError, match=r"t\.csv: Classes must be whole.*0\.0"):
        load(path)
    zipped = tmp_path / "t.csv.gz"
    zipped.write_bytes(b"size,label\n")
    with pytest.raises(ValueError, match=r"t\.csv\.gz is not a whole gzip file"):
        load(zipped)
    # They are not in the way of others.
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(ValueError, match="Unknown data set"):
        load("cifar11", tmp_path)


def test_npz_files_that_cannot_be_read_say_what_to_do(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{1}, {2}], object), y=np.arange(2))
    with pytest.raises(ValueError, match=r"a\.npz: x holds Python objects.*stack"):
        load(path)
    np.savez(path, x=np.zeros((50, 2)))
    with pytest.raises(ValueError, match=r"a\.npz has x without y\. Add y"):
        load(path)
    np.savez(path, x=np.zeros((50, 2)), y=np.arange(50) % 2, x_test=np.zeros((5, 2)))
    with pytest.raises(ValueError, match=r"has x_test without y_test"):
        load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"a\.npz is not an \.npz file"):
        load(path)
    np.save(tmp_path / "b.npy", np.zeros(3))
    (tmp_path / "b.npy").rename(path)
    with pytest.raises(ValueError, match=r"a\.npz is not an \.npz file"):
        load(path)
