"""The examples run, with the least of training."""

import pytest

from tests.helpers import run_python

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

CODE = """
import runpy, sys
import matplotlib
matplotlib.use("Agg")
sys.argv = sys.argv[1:]
sys.argv[0] = "examples/" + sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


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
def test_example(name, options, printed, tmp_path):
    figure = tmp_path / "figure.png"
    output = run_python(CODE, name, *options, "--figure", figure)
    assert printed in output
    assert "nan" not in output
    assert figure.exists()
