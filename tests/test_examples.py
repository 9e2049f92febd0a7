"""The examples run, with as little training as there can be."""

from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from tests.helpers import ROOT, run_python

EXAMPLE = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(f"examples/{sys.argv[0]}", run_name="__main__")
"""


def test_every_example_is_tested():
    tests = Path(__file__).read_text()
    files = list((ROOT / "examples").glob("*.py"))
    assert files
    assert [file.name for file in files if f'"{file.name}"' not in tests] == []


@pytest.mark.tensorflow
def test_swap_dropout():
    output = run_python(EXAMPLE, "swap_dropout.py", 1)
    assert "Dropout: test accuracy" in output
    assert "RotationOut: test accuracy" in output
    assert "equal predictions: True" in output
    assert "exported" in output


LOAD = """
import sys
sys.modules["keras_regnoise"] = None  # so that importing it fails
import keras
print(*[type(layer).__name__ for layer in keras.saving.load_model(sys.argv[1]).layers])
"""


@pytest.mark.tensorflow
def test_tune_digits(tmp_path):
    pytest.importorskip("keras_tuner")
    output = run_python(EXAMPLE, "tune_digits.py", 1, tmp_path / "best.keras")
    rows = [line.split() for line in output.splitlines()]
    assert rows[0] == ["noise", "rate", "placement", "val_accuracy"]
    table = [row[:-1] for row in rows[1:10]]
    scores = [float(row[-1]) for row in rows[1:10]]
    assert sorted(table) == sorted(
        [
            ["none"],
            *[
                [kind, rate, placement]
                for kind in ("dropout", "rotationout")
                for rate in ("0.1", "0.3")
                for placement in ("before_weights", "before_head")
            ],
        ]
    )
    assert scores == sorted(scores, reverse=True)
    assert "best model: test accuracy" in output
    loaded = run_python(LOAD, tmp_path / "best.keras").split()
    assert [name for name in loaded if name != "Dropout"] == [
        *("InputLayer", "Conv2D", "MaxPooling2D", "Conv2D", "Flatten", "Dense", "Dense")
    ]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "options", "printed"),
    [
        (
            "analysis_mc_predict.py",
            ("--seeds", 2, "--epochs", 1, "--samples", 2),
            "| RotationOut 0.3 | difference |",
        ),
        (
            "analysis_variance_shift.py",
            ("--seeds", 2, "--epochs", 1, "--depth", 8, "--variants", "a, centred"),
            "| a, centred |",
        ),
    ],
)
def test_analysis(name, options, printed, tmp_path):
    pytest.importorskip("matplotlib")
    figure = tmp_path / "figure.png"
    output = run_python(EXAMPLE, name, *options, "--figure", figure, MPLBACKEND="Agg")
    assert printed in output
    assert "nan" not in output
    assert figure.exists()
