"""Reading and summarizing a run loads little; figures load Matplotlib when drawn."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rich")

ROOT = Path(__file__).parents[3]
HEAVY = (
    *("keras", "keras_tuner", "tensorflow", "jax", "torch"),
    *("numpy", "scipy", "pandas", "matplotlib", "jinja2", "pyarrow"),
)
# A package that imports nothing by itself, as the command's does.
CODE = """
import sys, types
package = types.ModuleType("keras_regnoise")
package.__path__ = ["keras_regnoise"]
sys.modules["keras_regnoise"] = package
from keras_regnoise.studies import Run, report
run = Run.open(sys.argv[1])
for terminal in (True, False):
    report.render(report.summarize(run), run, terminal=terminal)
for form in ("json", "csv"):
    report.render(report.compare(run, run), run, form)
report.rows(run)
print(*[name for name in sys.argv[2:] if name in sys.modules])
"""


def test_a_table_needs_no_keras_and_no_figures():
    run = ROOT / "tests" / "studies" / "data" / "keep-rate"
    result = subprocess.run(
        [sys.executable, "-c", CODE, str(run), *HEAVY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == []
