import pytest

pytest.importorskip("sklearn")

from tests.helpers import ROOT, run_python

CODE = """
import runpy, sys
sys.argv = ["example", "1"]
runpy.run_path("examples/swap_dropout.py", run_name="__main__")
"""


@pytest.mark.tensorflow
def test_swap_dropout():
    assert (ROOT / "examples" / "swap_dropout.py").exists()
    output = run_python(CODE)
    assert "Dropout: test accuracy" in output
    assert "RotationOut: test accuracy" in output
    assert "equal predictions: True" in output
    assert "exported" in output


SEARCH = """
import runpy, sys
sys.argv = ["example", "1", sys.argv[1]]
runpy.run_path("examples/tune_digits.py", run_name="__main__")
"""

LOAD = """
import sys
sys.modules["keras_regnoise"] = None  # so that importing it fails
import keras
print(*[type(layer).__name__ for layer in keras.saving.load_model(sys.argv[1]).layers])
"""


@pytest.mark.tensorflow
def test_tune_digits(tmp_path):
    pytest.importorskip("keras_tuner")
    output = run_python(SEARCH, tmp_path / "best.keras")
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
