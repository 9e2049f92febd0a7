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
