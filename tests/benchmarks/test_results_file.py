import pytest

from benchmarks import record
from benchmarks.record import Row

ROWS = [
    Row(
        "layers",
        "jax",
        "jax-jit",
        "RotationOut",
        "128x512",
        "float32",
        median_ms=1.25,
        reference="ReLU + Dropout",
        ratio_to_reference=0.5,
        target=1.0,
        meets_target=True,
        note='kept, or "not"',
        cores=2,
        versions="keras 3.15.1, jax 0.10.2",
    ),
    Row("inference", "torch", "torch", "ICLayer", "8x8x16", "float32"),
    Row("steps", "jax", "jax-jit", "Dropout", "elu11", "float16", meets_target=False),
]


def test_round_trip(tmp_path):
    path = tmp_path / "new folder" / "results.csv"
    record.write(ROWS, path)
    assert record.read(path) == ROWS


def test_rows_before_a_failure_are_kept(tmp_path):
    def failing():
        yield ROWS[0]
        raise RuntimeError

    path = tmp_path / "results.csv"
    with pytest.raises(RuntimeError):
        record.write(failing(), path)
    assert record.read(path) == ROWS[:1]


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"no file of results at .*old\.csv"):
        record.read(tmp_path / "old.csv")


def test_another_table_is_an_error(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("suite,backend,mode\nlayers,jax,jax-jit\n")
    with pytest.raises(ValueError, match=r"lacks the columns: .*median_ms"):
        record.read(path)
