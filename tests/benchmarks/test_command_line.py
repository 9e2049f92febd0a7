import pathlib
import subprocess
import sys

import keras
import pytest

from benchmarks import record
from benchmarks.cases import BACKENDS

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.skipif(keras.config.backend() not in BACKENDS, reason="does not train")
def test_a_run_leaves_a_file_that_says_where_it_was_measured(tmp_path):
    arguments = ["--suite", "construction", "--repeats", "1", "--output", str(tmp_path)]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks"),
            *("--backend", keras.config.backend()),
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "4096 features" in result.stdout
    rows = record.read(tmp_path / "results.csv")
    assert [row.shape for row in rows] == [
        "64 features",
        "640 features",
        "4096 features",
    ]
    assert all(row.backend == keras.config.backend() for row in rows)
    assert all(row.machine and row.cores and "keras 3" in row.versions for row in rows)
