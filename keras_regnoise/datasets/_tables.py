"""Tables from CSV and .npz files, and generators."""

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from keras_regnoise.datasets._encode import encode, label_numbers
from keras_regnoise.datasets._generated import GENERATED
from keras_regnoise.datasets._missing import message
from keras_regnoise.datasets._openml import LABEL, download
from keras_regnoise.datasets._places import TABLE_ENDINGS, TABLES, find_table
from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.split import Array, Split

Sizes = tuple[int, int | None, int | None, int | None]


def load_path(path: Path, *sizes: Any) -> DataSet:
    """Load a CSV file, a folder of them, or an .npz file."""
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    if path.is_dir():
        return _finish(path.name, _read_folder(path), sizes, path)
    if path.suffix == ".npz":
        return _finish(path.stem, _read_npz(path), sizes, path)
    splits = {"train": read_csv(path)[1]}
    return _finish(path.name.partition(".csv")[0], splits, sizes, path)


def load_table(
    kind: str,
    table: str,
    folder: Path,
    seed: int,
    examples: int | None,
    test_examples: int | None,
    validation_examples: int | None,
    may_download: bool,
) -> DataSet:
    """Load a table by name.

    Args:
        kind: `"uci"`, `"openml"`, or empty for a generated table.
        table: Name of the table.
        folder: Folder of the files.
        seed: Seed of the split.
        examples: Training examples to keep.
        test_examples: Test examples to keep.
        validation_examples: Validation examples to keep.
        may_download: Whether OpenML may be asked.
    """
    name = f"{kind}/{table}" if kind else table
    sizes = (seed, examples, test_examples, validation_examples)
    path = find_table(name, folder)
    if path is None and table in GENERATED:
        return _finish(name, {"train": GENERATED[table]()}, sizes, None)
    if path is None and may_download:
        path = download(kind, table, folder)
    if path is None:
        raise FileNotFoundError(message(name, folder))
    return _finish(name, {"train": read_csv(path)[1]}, sizes, path)


def prepared(folder: Path) -> list[str]:
    """Return the names of the tables in a folder."""
    found = set()
    for place, kind in ((folder, "uci"), *((folder / k, k) for k in TABLES)):
        for ending in TABLE_ENDINGS:
            for path in place.glob(f"*{ending}"):
                # A file that can't be read is not the one that is looked for.
                with suppress(ValueError, csv.Error, OSError, EOFError):
                    with _open(path) as stream:
                        header = next(csv.reader(stream), [])
                    if LABEL in header:
                        found.add(f"{kind}/{path.name.removesuffix(ending)}")
    return sorted(found)


def _finish(
    name: str, splits: Mapping[str, Split], sizes: Sequence[Any], path: Path | None
) -> DataSet:
    try:
        splits, names = label_numbers(splits)
        return from_splits(name, encode(divide(splits, *sizes)), len(names))
    except ValueError as error:
        raise ValueError(f"{path or name}: {error}") from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _rows(path: Path) -> list[list[str]]:
    try:
        with _open(path) as stream:
            return [[cell.strip() for cell in row] for row in csv.reader(stream) if row]
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not text in UTF-8 (byte {error.start}: {error.reason}). Save "
            "it as UTF-8, in a spreadsheet as 'CSV UTF-8', or convert it: "
            "iconv -f LATIN1 -t UTF-8 OLD > NEW"
        ) from error
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is not a whole gzip file: {error}") from error


def read_csv(path: Path, label: str = LABEL) -> tuple[list[str], Split]:
    """Read a table: its header, and its cells with the targets, all of them text."""
    rows = _rows(path)
    header, rows = (rows[0], rows[1:]) if rows else ([], rows)
    if header.count(label) != 1 or len(header) < 2:
        raise ValueError(
            f"{path} needs a header row with one column '{label}', the target, and at "
            f"least one more. Received header: {', '.join(header) or 'none'}"
        )
    if not rows:
        raise ValueError(
            f"{path} has a header row and nothing below it: {', '.join(header)}. Add a "
            "row for every example."
        )
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ValueError(
                f"{path}, row {number}: expected {len(header)} cells as in the header. "
                f"Received: {len(row)}"
            )
    cells = np.array(rows, dtype=object).reshape(-1, len(header))
    place = header.index(label)
    return header, Split(np.delete(cells, place, axis=1), cells[:, place].astype(str))


def _read_folder(path: Path) -> dict[str, Split]:
    splits, headers = {}, {}
    for split in ("train", "validation", "test"):
        for ending in TABLE_ENDINGS:
            if (path / f"{split}{ending}").is_file():
                headers[split], splits[split] = read_csv(path / f"{split}{ending}")
    if "train" not in splits:
        raise FileNotFoundError(
            f"{path} has no train.csv. A folder of CSV files has train.csv, and may "
            "have validation.csv and test.csv."
        )
    for split, header in headers.items():
        if header != headers["train"]:
            raise ValueError(
                f"{path}: the header of {split}.csv must be that of train.csv, "
                f"{', '.join(headers['train'])}. Received: {', '.join(header)}"
            )
    return splits


def _read_npz(path: Path) -> dict[str, Split]:
    keys = {
        "train": (("x_train", "y_train"), ("x", "y")),
        "validation": (("x_validation", "y_validation"), ("x_val", "y_val")),
        "test": (("x_test", "y_test"),),
    }
    arrays = read_arrays(path)
    splits: dict[str, Split] = {}
    for split, pairs in keys.items():
        for x, y in pairs:
            if (x in arrays) != (y in arrays):
                given, missing = (x, y) if x in arrays else (y, x)
                raise ValueError(
                    f"{path} has {given} without {missing}. Add {missing}."
                )
            if x in arrays and split not in splits:
                splits[split] = _check_arrays(path, arrays[x], arrays[y])
    if "train" not in splits:
        raise ValueError(
            f"{path} must have arrays x_train and y_train, or x and y. "
            f"Received: {', '.join(arrays) or 'none'}"
        )
    return splits


def read_arrays(path: Path) -> dict[str, Array]:
    """Read all arrays of an .npz file, but no pickled objects."""
    name = ""
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an .npz file. Write it with numpy.savez.")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {}
            for name in file:
                found[name] = file[name]
            return found
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path} is not a whole .npz file: {error}") from error
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise ValueError(f"{path}: {name} can't be read: {error}") from error
        raise ValueError(
            f"{path}: {name} holds Python objects, which are not read because "
            "they can run code. Save arrays of numbers or of text: "
            "numpy.savez(file, x=numpy.stack(x), y=numpy.array(y, dtype=str))"
        ) from error


def _check_arrays(path: Path, x: Array, y: Array) -> Split:
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if x.ndim < 2 or y.ndim != 1 or len(x) != len(y):
        raise ValueError(
            f"{path}: expected inputs (count, ...) and classes (count,) of one count. "
            f"Received shapes: {x.shape} and {y.shape}"
        )
    is_gray = x.dtype == np.uint8 and x.ndim == 3
    return Split(x[..., None] if is_gray else x, y)
